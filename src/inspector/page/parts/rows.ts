/** Height of a row in pixels, the same as in the style. */
export const rowHeight = 30;
/** So many rows above and below those in sight are in the document as well. */
const spare = 6;

/** Which rows are in the document: those in sight, and some around. */
export function shownRows({
  count,
  top,
  height,
}: {
  readonly count: number;
  /** How far it is scrolled, in pixels. */
  readonly top: number;
  /** How much of it is in sight, in pixels. */
  readonly height: number;
}): { readonly first: number; readonly last: number } {
  const first = Math.max(0, Math.min(Math.floor(top / rowHeight) - spare, count));
  const last = Math.min(count, Math.ceil((top + Math.max(0, height)) / rowHeight) + spare);
  return { first, last: Math.max(first, last) };
}

/** Where a key leads from a row; undefined: nowhere. */
export function keyMove(
  key: string,
  { at, count, perPage }: { readonly at: number; readonly count: number; readonly perPage: number },
): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: perPage,
    PageUp: -perPage,
    Home: -at,
    End: count - 1 - at,
  };
  const step = steps[key];
  if (step === undefined || count === 0) return undefined;
  return Math.max(0, Math.min(count - 1, at + step));
}
