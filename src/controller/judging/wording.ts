/** Things that are named; the others are counted. */
const mostNamed = 4;

/** `1 message`, `2 messages`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A few of many: `a, b, c and 3 more`. */
export function listed(items: readonly string[]): string {
  const named = items.slice(0, mostNamed).join(', ');
  const more = items.length - mostNamed;
  return more > 0 ? `${named} and ${more} more` : named;
}

/** Milliseconds as people read them. */
export function span(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Number((ms / 1_000).toFixed(1))} s`;
}
