/** A fact that an actor keeps: a value, or a group of such. */
export interface Fact {
  readonly name: string;
  /** As JSON; undefined: it is a group. */
  readonly value: string | undefined;
  readonly facts: readonly Fact[];
  /** It is another than before, or one in it is. */
  readonly changed: boolean;
  /** How many more there are in the group than are told. */
  readonly more: number;
}

/** More entries of one group are not shown. */
const mostEntries = 200;
/** Deeper groups are shown as JSON. */
const deepest = 8;

/**
 * The facts of a context as a tree, marked where they differ from the context before. Undefined: it is no JSON. Without a
 * context before nothing is marked.
 */
export function factsOf(context: string, before: string | undefined): Fact | undefined {
  if (context === '') return undefined;
  try {
    const now: unknown = JSON.parse(context);
    const then: unknown = before === undefined || before === '' ? now : JSON.parse(before);
    return fact('', now, then, 0);
  } catch {
    return undefined;
  }
}

function fact(name: string, now: unknown, then: unknown, depth: number): Fact {
  if (!isGroup(now) || depth >= deepest) {
    const value = JSON.stringify(now) ?? 'undefined';
    return { name, value, facts: [], changed: value !== JSON.stringify(then), more: 0 };
  }
  const previous = isGroup(then) ? new Map(Object.entries(then)) : new Map<string, unknown>();
  const entries = Object.entries(now);
  const facts = entries
    .slice(0, mostEntries)
    .map(([key, value]) => fact(key, value, previous.get(key), depth + 1));
  const changed = !isGroup(then) || entries.length !== previous.size || facts.some((one) => one.changed);
  return { name, value: undefined, facts, changed, more: entries.length - facts.length };
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}
