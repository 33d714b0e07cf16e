import type { FaultKind } from '../../../fault-kinds.js';
import type { Act, Refusal } from '../injection.js';
import { plainAddress } from '../plain-address.js';
import { isOwn } from '../process/listening.js';
import type { Disturbance } from './cut-table.js';

/** What rules of nftables can need of the kernel: to drop, to do so by lot, to reset connections. */
export type NftSkill = 'drop' | 'numgen' | 'reject';

/** Kinds that nftables does, and what its rules need for them. */
const needs: Partial<Record<FaultKind, NftSkill>> = {
  link: 'drop',
  peers: 'drop',
  partition: 'drop',
  loss: 'numgen',
  reset: 'reject',
};

/** What nftables must be able to do for an act; undefined: it cannot do it. */
export function nftSkillOf({ kind }: Act): NftSkill | undefined {
  return needs[kind];
}

/** The addresses of the nodes that an act names. */
export function addressesOf({ shape }: Act): string[] {
  return shape.from.flatMap(({ addresses }) => addresses.map(plainAddress));
}

/** What nftables does for an act, when the hub is at these addresses. */
export function disturbanceOf(act: Act, hub: readonly string[]): Disturbance {
  const { kind, shape } = act;
  const { scope, direction, share, from } = shape;
  const does = kind === 'reset' ? 'reset' : kind === 'loss' ? { dropsShare: share } : 'drop';
  if (scope === 'hub') return { does, direction, hit: hub, spared: [] };
  const hit = from.length === 0 ? undefined : addressesOf(act);
  return { does, direction, hit, spared: scope === 'daemon' ? hub : [] };
}

/** Why packets of these nodes, or of the hub, cannot be told from others. */
export function cannotTell(act: Act, hub: readonly string[], hubIsElsewhere: boolean): Refusal | undefined {
  const { scope, from } = act.shape;
  const refuse = (message: string): Refusal => ({ code: 'UNSUPPORTED', message });
  if (scope === 'hub') {
    if (from.length > 0) return refuse('the way to the hub is no way to other nodes: leave out the nodes');
    // Packets to a hub on this machine are everybody's: dropping them would cut others, and the hub from its own bus.
    return hubIsElsewhere
      ? undefined
      : refuse('the hub is on this machine, and packets to it are those of everybody here');
  }
  for (const { node, addresses } of from) {
    const plain = addresses.map(plainAddress);
    if (plain.length === 0) {
      return refuse(`nobody knows at which addresses '${node}' is: give its agent --daemon-address`);
    }
    const own = plain.find(isOwn);
    if (own !== undefined) {
      return refuse(`'${node}' is on this machine (${own}), where packets to it are not told from others`);
    }
    const shared = scope === 'daemon' ? plain.find((address) => hub.includes(address)) : undefined;
    if (shared !== undefined) {
      return refuse(`'${node}' is at the address of the hub (${shared}), which scope daemon spares`);
    }
  }
  return undefined;
}
