import type { SenderClock } from './sender.js';

/** A timer that is set for longer fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The clock of this machine; its timers do not keep the process alive. */
export const wallClock: SenderClock = {
  now: () => Date.now(),
  until: (atMs, signal) =>
    new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      // The wall clock may be set meanwhile, and timers wait for limited times.
      const wait = () => {
        const left = atMs - Date.now();
        if (left <= 0 || signal.aborted) return end();
        timer = setTimeout(wait, Math.min(left, longestTimerMs)).unref();
      };
      signal.addEventListener('abort', end, { once: true });
      wait();
    }),
};
