import { PosternError } from '../../errors.js';
import { factsOfKinds } from '../../fault-kinds.js';
import { AskedInTurn } from './asked-in-turn.js';
import type { Ability, Act, Asked, Injection, Injector, Proving } from './injection.js';
import { TogetherFaults } from './together-faults.js';

/** What does faults, each for all acts that are led to it: what it cannot do of them it refuses. */
export interface Ways {
  /** Acts on packets and interfaces of this machine, of each scope. */
  readonly kernel: Injector;
  /** Acts on the ways between daemons that this agent relays; absent: it holds none. */
  readonly relays: Injector | undefined;
  /** Acts on the agent's own connections to its hub. */
  readonly gate: Injector;
  /** Acts on the daemon's process. */
  readonly processes: Injector;
}

/** A way that is tried for an act. */
interface Candidate {
  /** For people, where several have refused. */
  readonly name: string;
  readonly injector: Injector;
}

/**
 * All kinds of faults, each by the first way that can do it. Relays come first for what is between daemons: who has them
 * leads the daemon's traffic through them, and they spare all else. Then the kernel, then what needs no rights.
 */
export class Injectors implements Injector {
  readonly #ways: Ways;
  /** What acts waits for none of them. */
  readonly #asked = new AskedInTurn();

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  /** Throws `TOO_MANY_QUESTIONS`. */
  async ability(act: Act): Promise<Ability> {
    const chosen = await this.#asked.run(() => this.#choose(act));
    return 'injector' in chosen ? { by: chosen.by } : chosen;
  }

  async prepare(act: Act): Promise<() => void> {
    const chosen = await this.#wayFor(act);
    return 'injector' in chosen ? chosen.injector.prepare(act) : () => {};
  }

  async proving(act: Act, name: string): Promise<Proving> {
    const chosen = await this.#wayFor(act);
    if ('injector' in chosen) return chosen.injector.proving(act, name);
    return { canaries: [], expects: { sees: 'nothing' } };
  }

  async inject(asked: Asked): Promise<Injection> {
    const chosen = await this.#wayFor(asked);
    if ('injector' in chosen) return chosen.injector.inject(asked);
    throw new PosternError(chosen.code, chosen.message);
  }

  lookAnew(): void {
    const { kernel, relays, gate, processes } = this.#ways;
    for (const way of [kernel, relays, gate, processes]) way?.lookAnew?.();
  }

  /** Where there is one way alone it says itself why it cannot: whether it can takes time to find out. */
  async #wayFor(act: Act): Promise<{ readonly injector: Injector } | Refused> {
    const [only, ...others] = this.#candidates(act);
    return only !== undefined && others.length === 0 ? only : this.#choose(act);
  }

  async #choose(act: Act): Promise<Chosen | Refused> {
    const refused: Refused[] = [];
    const candidates = this.#candidates(act);
    for (const { name, injector } of candidates) {
      const ability = await injector.ability(act);
      if ('by' in ability) return { injector, by: ability.by };
      refused.push({ name, ...ability });
    }
    const [first, ...others] = refused;
    if (first === undefined) return { code: 'UNSUPPORTED', message: noWay(act), name: '' };
    if (others.length === 0) return first;
    return { ...first, message: refused.map(({ name, message }) => `${name}: ${message}`).join('; ') };
  }

  #candidates(act: Act): readonly Candidate[] {
    const { kind, shape } = act;
    const { kernel, relays, processes } = this.#ways;
    if (!factsOfKinds[kind].network) return [{ name: 'by signals', injector: processes }];
    const byKernel = { name: 'by the kernel', injector: kernel };
    const without = this.#withoutKernel(act);
    // Only the kernel has interfaces.
    if (shape.way === 'kernel' || shape.interface !== '') return [byKernel];
    if (shape.way === 'userspace') return without;
    return shape.scope === 'daemon' && relays !== undefined ? [...without, byKernel] : [byKernel, ...without];
  }

  #withoutKernel({ kind, shape: { scope } }: Act): readonly Candidate[] {
    if (kind === 'interface') return [];
    const { relays, gate } = this.#ways;
    if (scope === 'hub') return [{ name: 'in userspace', injector: gate }];
    if (relays === undefined) return [{ name: 'by relays', injector: noRelays }];
    return scope === 'daemon'
      ? [{ name: 'by relays', injector: relays }]
      : [{ name: 'in userspace', injector: new TogetherFaults({ daemon: relays, hub: gate }) }];
  }
}

interface Chosen {
  readonly injector: Injector;
  readonly by: string;
}

/** Why it cannot be done, and by whom not. */
interface Refused {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

function noWay({ kind }: Act): string {
  return kind === 'interface'
    ? 'an interface is put down by the kernel alone: leave out the way, or say kernel'
    : `nothing here can do ${kind}`;
}

/** What an agent without relays tells of them. */
const noRelays: Injector = {
  ability: async () => ({
    code: 'UNSUPPORTED',
    message:
      'this agent holds no relays between daemons; start it with --daemon-relay LISTEN=TARGET, and let daemons use them',
  }),
  prepare: async () => () => {},
  proving: async () => ({ canaries: [], expects: { sees: 'nothing' } }),
  inject: async () => {
    throw new PosternError('UNSUPPORTED', 'this agent holds no relays between daemons');
  },
};
