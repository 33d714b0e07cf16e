import type { Box, Point } from '../../gen/postern/v1/inspector.js';

/** Where an edge and its label are drawn. */
export interface DrawnEdge {
  /** A line of straight parts. */
  readonly points: readonly Point[];
  readonly label: Box;
}

/** Where all parts of a machine are drawn. */
export interface Drawing {
  /** By path; '': the machine itself. */
  readonly states: ReadonlyMap<string, Box>;
  /** By id; edges that lead nowhere are not drawn. */
  readonly edges: ReadonlyMap<string, DrawnEdge>;
}

/** What an edge's label says: `EVENT [guard]`; what is taken by itself has no event, and the name of one after a time says so. */
export function labelOf({ event, guard }: { readonly event: string; readonly guard: string }): string {
  return [event, guard === '' ? '' : `[${guard}]`].filter((part) => part !== '').join(' ') || 'always';
}
