/** What a transition says in its `meta.operator` when its event is one that operators may send. */
export interface OperatorMark {
  /** What it is called: `retry now`. */
  readonly title: string;
  /** What it will do, for people who have to confirm it. */
  readonly effect: string;
  /** It takes something away that does not come back by itself. */
  readonly grave?: boolean;
}

/** The mark in the `meta` of a transition; undefined: it has none. */
export function operatorMarkOf(meta: unknown): OperatorMark | undefined {
  if (!isObject(meta) || !('operator' in meta) || !isObject(meta.operator)) return undefined;
  const mark = meta.operator;
  if (!('title' in mark) || typeof mark.title !== 'string') return undefined;
  if (!('effect' in mark) || typeof mark.effect !== 'string') return undefined;
  return { title: mark.title, effect: mark.effect, grave: 'grave' in mark && mark.grave === true };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
