import type { Duplex } from 'node:stream';

/** Passes bytes both ways, with half-close and back-pressure, until one of them is gone; then the other goes too. */
export function joinDuplexes(one: Duplex, other: Duplex): void {
  pass(one, other);
  pass(other, one);
}

function pass(from: Duplex, to: Duplex): void {
  // An error is followed by 'close'; without a listener it would end the process.
  from.on('error', () => {});
  from.once('close', () => to.destroy());
  from.pipe(to);
}
