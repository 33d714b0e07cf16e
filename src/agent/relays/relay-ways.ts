import { formatAddress } from '../../wire/address.js';
import { Way } from '../../wire/impaired/way.js';
import type { RelaySpec } from '../relay-spec.js';

/** What goes through a relay, as seen from this machine; `there` is from who connects towards the target. */
export interface RelayWays {
  readonly in: Way;
  readonly out: Way;
  readonly there: Way;
  readonly back: Way;
}

/** The ways of a relay; one with a node leads there from this machine's daemon. */
export function waysOf(spec: RelaySpec): RelayWays {
  const name = nameOf(spec);
  const ways = { in: new Way(name, 'in'), out: new Way(name, 'out') };
  const [there, back] = spec.node === '' ? [ways.in, ways.out] : [ways.out, ways.in];
  return { ...ways, there, back };
}

/** For people, and for lots: not where it listens, which may be any free port, and the lots shall be the same again. */
export function nameOf({ node, protocol, target }: RelaySpec): string {
  return `${protocol} ${node === '' ? '' : `${node}@`}${formatAddress(target)}`;
}
