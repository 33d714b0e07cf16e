import { networkInterfaces } from 'node:os';
import { errorText } from '../../errors.js';
import { factsOfKinds, faultKinds, plainShape } from '../../fault-kinds.js';
import type { FaultCapability, GetFaultCapabilitiesResponse } from '../../gen/postern/v1/faults.js';
import type { Logger } from '../../log.js';
import type { Ability, Injector, Refusal } from './injection.js';
import { mostPerRun } from './node-faults.js';
import { plainAddress } from './plain-address.js';
import type { OpenRelay } from './relay-faults.js';

/** What is found out about this machine again is not sooner than so many milliseconds after it was. */
const anewAfterMs = 2_000;

/** What capabilities are found out from. */
export interface CapabilitiesOptions {
  readonly injector: Injector;
  /** Whether packets can be dropped by the kernel. */
  readonly nft: () => Promise<string | Refusal>;
  readonly relays: readonly OpenRelay[];
  /** Where other nodes find this machine; none: at its own addresses. */
  readonly addresses: readonly string[];
  readonly longestMs: number;
  readonly log: Logger;
}

/** What faults this machine can do, and by what. */
export class Capabilities {
  readonly #options: CapabilitiesOptions;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<GetFaultCapabilitiesResponse> | undefined;
  #told = '';

  constructor(options: CapabilitiesOptions) {
    this.#options = options;
  }

  /** Looks in the background; what it finds is in the log, where that is not what was found before. */
  begin(): void {
    this.look().catch((thrown: unknown) => {
      this.#options.log.warn({ err: errorText(thrown) }, 'nobody knows which faults this machine can do');
    });
  }

  /** Looks now; who asks meanwhile gets the same answer. */
  look(): Promise<GetFaultCapabilitiesResponse> {
    if (this.#looking === undefined) {
      const looking = this.#look().finally(() => {
        this.#looking = undefined;
      });
      this.#looking = looking;
    }
    return this.#looking;
  }

  async #look(): Promise<GetFaultCapabilitiesResponse> {
    const { injector, nft, relays, addresses, longestMs } = this.#options;
    if (performance.now() - this.#lookedAtMs > anewAfterMs) injector.lookAnew?.();
    const found = await nft();
    const kinds: FaultCapability[] = [];
    // One after the other: each may look at processes, or start a program.
    for (const kind of faultKinds) {
      for (const scope of factsOfKinds[kind].scopes) {
        const ability = await injector.ability({ kind, shape: { ...plainShape(kind), scope } });
        kinds.push({ kind, scope, ...toldAbility(ability) });
      }
    }
    this.#lookedAtMs = performance.now();
    this.#log(kinds);
    return {
      nft: typeof found === 'string',
      nftReason: typeof found === 'string' ? '' : found.message,
      kinds,
      longestMs,
      mostPerRun,
      relays: relays.map((relay) => ({ ...relay })),
      addresses: addresses.length > 0 ? addresses.map(plainAddress) : ownAddresses(),
    };
  }

  #log(kinds: readonly FaultCapability[]): void {
    const able = kinds.filter(({ by }) => by !== '').map(({ kind, scope, by }) => `${kind}/${scope} ${by}`);
    const unable = kinds.filter(({ by }) => by === '').map(({ kind, scope }) => `${kind}/${scope}`);
    const told = [...able, '', ...unable].join();
    if (told === this.#told) return;
    this.#told = told;
    this.#options.log.info({ able, unable }, 'faults that can be done here');
  }
}

/** As messages tell it. */
export function toldAbility(ability: Ability): { by: string; code: string; reason: string } {
  if ('by' in ability) return { by: ability.by, code: '', reason: '' };
  return { by: '', code: ability.code, reason: ability.message };
}

/** The addresses of this machine that others may know it by. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((ofOne) => ofOne ?? []);
  return all
    .filter(({ internal, address }) => !internal && !isLinkLocal(address))
    .map(({ address }) => address);
}

/** 169.254.0.0/16 and fe80::/10 mean nothing on another line. */
function isLinkLocal(address: string): boolean {
  return /^(?:169\.254\.|fe[89ab])/i.test(address);
}
