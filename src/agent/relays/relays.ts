import type { Logger } from '../../log.js';
import { formatAddress } from '../../wire/address.js';
import type { OpenRelay, Relays } from '../faults/relay-faults.js';
import type { RelaySpec } from '../relay-spec.js';
import { RelayFaults } from './relay-faults.js';
import type { Relay } from './spec.js';
import { TcpRelay } from './tcp-relay.js';
import { UdpRelay } from './udp-relay.js';

/** Relays that are open, one by one. */
export interface OpenRelays extends Relays {
  /** In the order in which they were asked for. */
  readonly all: readonly Relay[];
}

/** Opens all of them, or none. Rejects with `RELAY_UNUSABLE` (exit status 2). */
export async function openRelays(specs: readonly RelaySpec[], log: Logger): Promise<OpenRelays> {
  const all: Relay[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(all.map((relay) => relay.close()));
  };
  try {
    for (const spec of specs) {
      all.push(await (spec.protocol === 'tcp' ? TcpRelay : UdpRelay).open(spec, { log }));
    }
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { all, open: all.map(openOf), faults: new RelayFaults(all), close };
}

function openOf({ spec, listen }: Relay): OpenRelay {
  const { node, protocol, target } = spec;
  return { node, protocol, listen: formatAddress(listen), target: formatAddress(target) };
}
