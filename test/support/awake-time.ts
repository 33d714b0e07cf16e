/** It looks at the clock so often, milliseconds. */
const everyMs = 5;
/** What passes between two looks counts up to here, milliseconds: what is more was taken by others. */
const mostMs = 3 * everyMs;

/**
 * Counts the time in which this process had its turns, from now on: for bounds on what happens within it, which a machine
 * that is busy with other things must not break. It is never more than the time that has passed. `stop` gives it, in
 * milliseconds, and ends the count.
 */
export function awakeTime(): { stop(): number } {
  let sum = 0;
  let last = performance.now();
  const look = (): void => {
    const now = performance.now();
    sum += Math.min(now - last, mostMs);
    last = now;
  };
  const timer = setInterval(look, everyMs);
  return {
    stop() {
      clearInterval(timer);
      look();
      return sum;
    },
  };
}
