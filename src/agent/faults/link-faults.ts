import type { GuardianLink } from './guardian-link.js';
import type { HubPlaces } from './hub-places.js';
import type { Ability, Asked, Healed, Injection, Injector } from './injection.js';
import type { NftCuts } from './nft-cuts.js';
import type { FaultKind } from './plan.js';

/** Cuts the agent's way to its hub (`link`), or this machine from everything but loopback and the hub (`peers`). */
export class LinkFaults implements Injector {
  readonly #places: HubPlaces;
  readonly #nft: NftCuts;
  readonly #guardian: GuardianLink;

  constructor(places: HubPlaces, nft: NftCuts, guardian: GuardianLink) {
    this.#guardian = guardian;
    this.#places = places;
    this.#nft = nft;
  }

  async ability(kind: FaultKind): Promise<Ability> {
    const nft = await this.#nft.probe();
    if (kind === 'peers') return typeof nft === 'string' ? { by: 'nft' } : nft;
    const isTold = typeof nft === 'string' && this.#places.areElsewhere(await this.#places.addresses());
    return { by: isTold ? 'nft' : 'userspace' };
  }

  async prepare(kind: FaultKind): Promise<() => void> {
    const ability = await this.ability(kind);
    return 'by' in ability && ability.by === 'nft' ? this.#guardian.atHand() : () => {};
  }

  async inject(asked: Asked): Promise<Injection> {
    const hub = await this.#places.addresses();
    if (asked.kind === 'peers') return this.#nft.cut('peers', asked, hub);
    // Packets to a hub on this machine are everybody's: dropping them would cut others, and the hub from its own bus.
    const isTold = typeof (await this.#nft.probe()) === 'string' && this.#places.areElsewhere(hub);
    return isTold ? this.#nft.cut('hub', asked, hub) : shut(this.#places);
  }
}

function shut({ gate }: HubPlaces): Injection {
  const open = gate.shut();
  return {
    by: 'userspace',
    atMs: Date.now(),
    async heal(): Promise<Healed> {
      open();
      return { atMs: Date.now() };
    },
  };
}
