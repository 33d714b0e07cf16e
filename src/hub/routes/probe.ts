import { connect } from 'node:net';
import { type Address, formatAddress } from '../../wire/address.js';

/** Whether something listens. */
export type Reach = 'up' | 'down';

/** Bound for one connection, milliseconds. */
const probeMs = 1_000;
/** Connections that are tried at the same time. */
const mostAtOnce = 32;

/** Whether connections to these addresses are taken now, by the text of each address. */
export async function probeAll(addresses: readonly Address[]): Promise<ReadonlyMap<string, Reach>> {
  const left = new Map(addresses.map((address) => [formatAddress(address), address]));
  const found = new Map<string, Reach>();
  const work = async (): Promise<void> => {
    for (const [text, address] of left) {
      left.delete(text);
      found.set(text, await probe(address));
    }
  };
  await Promise.all(Array.from({ length: mostAtOnce }, work));
  return found;
}

function probe(address: Address): Promise<Reach> {
  return new Promise((resolve) => {
    const socket = connect('path' in address ? { path: address.path } : { ...address });
    const settle = (reach: Reach): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reach);
    };
    const timer = setTimeout(() => settle('down'), probeMs);
    socket.once('connect', () => settle('up'));
    socket.on('error', () => settle('down'));
  });
}
