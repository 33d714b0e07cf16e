import { coversNode } from '../../auth/node-patterns.js';
import { PosternError } from '../../errors.js';
import type { NodeEntry, NodeRef, Scenario } from '../scenario/scenario.js';

/** A node that could take part. */
export interface KnownNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What an entry of the scenario still lacks. */
export interface Lacking {
  readonly entry: string;
  /** Nodes that are not there. */
  readonly names: readonly string[];
  /** With labels: how many there are, of how many. */
  readonly labels?: { readonly selector: string; readonly found: number; readonly min: number };
}

/** The nodes that each entry of a scenario stands for, out of those that are known. */
export class ChosenNodes {
  readonly #byEntry = new Map<string, readonly string[]>();
  readonly lacking: readonly Lacking[];

  constructor(scenario: Pick<Scenario, 'nodes'>, known: readonly (KnownNode | string)[]) {
    const nodes = new Map<string, KnownNode>();
    for (const one of known) {
      const node = typeof one === 'string' ? { name: one } : one;
      nodes.set(node.name, node);
    }
    const lacking: Lacking[] = [];
    for (const entry of scenario.nodes) {
      const found = foundOf(entry, nodes);
      this.#byEntry.set(entry.entry, found);
      const missing = entry.names.filter((name) => !nodes.has(name));
      const { select } = entry;
      if (missing.length > 0) lacking.push({ entry: entry.entry, names: missing });
      else if (select !== undefined && found.length < select.min) {
        const { labels: selector, min } = select;
        lacking.push({ entry: entry.entry, names: [], labels: { selector, found: found.length, min } });
      }
    }
    this.lacking = lacking;
  }

  /** All, sorted. */
  get all(): string[] {
    return [...new Set([...this.#byEntry.values()].flat())].sort();
  }

  /** Those that some names stand for, each once, in the order of the names. */
  of(refs: readonly NodeRef[]): string[] {
    return [...new Set(refs.flatMap((ref) => this.#byEntry.get(ref) ?? [ref]))];
  }
}

/** In the order of the entry's names; those with its labels sorted by name. */
function foundOf({ names, select }: NodeEntry, nodes: ReadonlyMap<string, KnownNode>): string[] {
  if (select === undefined) return names.filter((name) => nodes.has(name));
  return [...nodes.values()]
    .filter(({ name, labels }) => coversNode([select.labels], name, labels ?? {}))
    .map(({ name }) => name)
    .sort();
}

/** Which nodes of the scenario are not among those that are known; empty when a plan can be made. */
export function lackingNodes(
  scenario: Pick<Scenario, 'nodes'>,
  known: readonly (KnownNode | string)[],
): readonly Lacking[] {
  return new ChosenNodes(scenario, known).lacking;
}

/** Tells which entries lack what. */
export function nodesMissing(lacking: readonly Lacking[]): PosternError {
  const parts = lacking.map(({ entry, names, labels }) => {
    if (labels !== undefined) {
      return `nodes.${entry}: ${labels.found} of the ${labels.min} or more nodes with the labels ${labels.selector} are there`;
    }
    const are = names.length === 1 ? `the node ${names[0]} is` : `the nodes ${listed(names)} are`;
    return `nodes.${entry}: ${are} not there`;
  });
  return new PosternError('NODES_MISSING', parts.join('\n'), {
    hint: '`postern nodes` lists those that are connected; see the provider of the scenario too',
  });
}

function listed(names: readonly string[]): string {
  const few = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${few} and ${names.length - 10} more` : few;
}
