/**
 * The name of an event as people read it. What XState makes itself has names of its kind: its timers
 * `xstate.after.<delay>.<state>` read `after <delay>`; the end of what a state holds or runs, `xstate.done.…` and
 * `xstate.error.…`, reads `done <what>` and `failed <what>`. All others are what the machine calls them.
 */
export function eventName(type: string): string {
  if (!type.startsWith('xstate.')) return type;
  const delay = /^xstate\.after\.([^.]+)\./.exec(type)?.[1];
  if (delay !== undefined) return `after ${delay}`;
  const [, how, what] = /^xstate\.(done|error)\.(?:state|actor)\.(?:.*\.)?([^.]+)$/.exec(type) ?? [];
  if (how === undefined || what === undefined) return type;
  return `${how === 'done' ? 'done' : 'failed'} ${what}`;
}
