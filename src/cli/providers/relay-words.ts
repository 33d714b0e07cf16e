import type { Ground } from './ground.js';

/** How a node's daemon and agent are told of each other's place between the daemons. */
export interface RelayWords {
  /** For its agent. */
  readonly words: readonly string[];
  /** Where its daemon reaches another; undefined: only through a relay of daemons, or not at all. */
  readonly reach: (node: string) => string | undefined;
}

/**
 * The words by which the agent of a node relays what its daemon and others send each other, where the ground has relays: one
 * relay to each node that the daemon is told of, and one for all who come.
 */
export function relayWords(
  ground: Pick<Ground, 'place' | 'addresses' | 'relays'>,
  node: string,
  told: readonly string[],
): RelayWords {
  const addresses = ground.addresses(node).flatMap((address) => ['--daemon-address', address]);
  const places = ground.relays(node);
  if (places === undefined) return { words: addresses, reach: (other) => ground.place(other).reachedAt };
  const { peerListen, reachedAt } = ground.place(node);
  const words = [...addresses];
  // Nobody comes to one that nobody can reach.
  if (peerListen !== undefined && reachedAt !== undefined) {
    words.push('--daemon-relay', `${places.listen}=${peerListen}`);
  }
  const here = new Map<string, string>();
  for (const other of new Set(told)) {
    const target = other === node ? undefined : ground.place(other).reachedAt;
    if (target === undefined) continue;
    const listen = `${places.host}:${places.port + here.size}`;
    here.set(other, listen);
    words.push('--daemon-relay', `${other}@${listen}=${target}`);
  }
  return { words, reach: (other) => here.get(other) };
}
