import type { Chart, StateShape } from './chart.js';

/**
 * Paths of the states that are entered when an actor says that it is in `state`, with all that they are in, the machine
 * (``) too. Where a state holds several at once, the first is told with its whole path and the others from there:
 * `p.a.x+b.y` are `p.a.x` and `p.b.y`. What the definition does not know is left out.
 */
export function activeStates(chart: Chart, state: string): ReadonlySet<string> {
  const byPath = new Map(chart.states.map((shape) => [shape.path, shape]));
  const active = new Set<string>();
  let last = '';
  for (const part of state.split('+')) {
    const path = [...homes(byPath, last, active)]
      .map((home) => (home === '' ? part : `${home}.${part}`))
      .find((candidate) => byPath.has(candidate));
    if (path === undefined) continue;
    last = path;
    for (let at: string | undefined = path; at !== undefined; at = byPath.get(at)?.parent) active.add(at);
  }
  return active;
}

/** Where the next part of a state may be in: parallel states around the last one that are not complete, the innermost first. */
function* homes(
  byPath: ReadonlyMap<string, StateShape>,
  last: string,
  active: ReadonlySet<string>,
): Generator<string> {
  for (let at = byPath.get(last)?.parent; at !== undefined; at = byPath.get(at)?.parent) {
    if (byPath.get(at)?.type !== 'parallel') continue;
    const open = [...byPath.values()].some(({ path, parent }) => parent === at && !active.has(path));
    if (open && at !== '') yield at;
  }
  yield '';
}

/** The innermost of some states: those in which no other of them is. */
export function leaves(chart: Chart, active: ReadonlySet<string>): readonly string[] {
  const parents = new Set(chart.states.filter(({ path }) => active.has(path)).map(({ parent }) => parent));
  return [...active].filter((path) => !parents.has(path));
}

/** How some states are to be looked at: all of their tags. */
export function tagsOf(chart: Chart, active: ReadonlySet<string>): readonly string[] {
  return chart.states.filter(({ path }) => active.has(path)).flatMap(({ tags }) => tags);
}
