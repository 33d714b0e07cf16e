import type { Duplex } from 'node:stream';
import { breakOff } from './break-off.js';

/** What came from one that has ended well may take so long to leave at the other, milliseconds. */
const lingerMs = 10_000;

/**
 * Passes bytes both ways, with half-close and back-pressure, until one of them is gone; then the other goes too: at
 * once where that was a failure, else when it has sent on what came.
 */
export function joinDuplexes(one: Duplex, other: Duplex): void {
  pass(one, other);
  pass(other, one);
}

function pass(from: Duplex, to: Duplex): void {
  // An error is followed by 'close'; without a listener it would end the process.
  from.on('error', () => {});
  from.once('close', () => {
    if (!from.readableEnded || to.destroyed) {
      breakOff(to);
      return;
    }
    // Nobody takes its answers any more; unread they would keep it from its end.
    to.resume();
    const timer = setTimeout(() => to.destroy(), lingerMs);
    timer.unref();
    to.once('close', () => clearTimeout(timer));
  });
  from.pipe(to);
}
