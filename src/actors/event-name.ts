/**
 * The name of an event as people read it. XState names its timers `xstate.after.<delay>.<state>`; they read
 * `after <delay>`. All others are what the machine calls them.
 */
export function eventName(type: string): string {
  const delay = /^xstate\.after\.([^.]+)\./.exec(type)?.[1];
  return delay === undefined ? type : `after ${delay}`;
}
