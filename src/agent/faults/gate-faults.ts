import { PosternError } from '../../errors.js';
import type { Gate } from '../../wire/gate.js';
import type { DisturbanceKind } from '../../wire/impaired/disturbance.js';
import { disturbanceOf, disturbingOf } from '../../wire/impaired/disturbing.js';
import type { Ability, Act, Asked, Canary, Healed, Injection, Injector, Proving } from './injection.js';
import { hubCanaries } from './proof/gate-canary.js';
import { wayCanary } from './proof/way-canary.js';

/** Faults of the scope `hub` without the kernel: on the agent's own connections to its hub, front door and bus. */
export class GateFaults implements Injector {
  readonly #gate: Gate;
  readonly #spared: (() => Canary[]) | undefined;

  /** `spared`: canaries on ways that do not lead to the hub. */
  constructor(gate: Gate, spared?: () => Canary[]) {
    this.#gate = gate;
    this.#spared = spared;
  }

  async ability({ kind, shape }: Act): Promise<Ability> {
    const disturbing = disturbingOf(kind);
    const refused = (message: string): Ability => ({ code: 'UNSUPPORTED', message });
    if (disturbing === undefined) return refused(`nothing here can do ${kind}`);
    if (disturbing === 'duplicate' || disturbing === 'reorder') {
      return refused(`the agent's connections to its hub are of TCP, which shows no ${kind}`);
    }
    if (shape.from.length > 0) return refused('other nodes are not on the way to the hub: leave out from');
    if (isBreak(disturbing) && shape.direction !== 'both') {
      return refused('a connection that is broken is so in both directions');
    }
    return { by: 'userspace' };
  }

  async prepare(): Promise<() => void> {
    return () => {};
  }

  async proving({ kind, shape }: Act): Promise<Proving> {
    const spared = this.#spared?.() ?? [];
    const disturbing = disturbingOf(kind);
    const gate = this.#gate;
    const breaks = disturbing === undefined || isBreak(disturbing);
    // Nothing is disturbed where nothing is connected.
    const looked = breaks || gate.farEnds.length === 0 ? [] : [disturbing];
    const affected = looked.map((one) => {
      const way = { name: 'the way to the hub', as: 'stream', ways: () => gate.ways } as const;
      return wayCanary('affected', { ...way, isResetting: () => gate.isShut }, one, shape);
    });
    const canaries = [...(breaks ? hubCanaries('affected', gate) : affected), ...spared];
    return { canaries, expects: { sees: 'nothing' } };
  }

  async inject({ kind, shape, endsAtMs }: Asked): Promise<Injection> {
    const disturbing = disturbingOf(kind);
    if (disturbing === undefined) throw new PosternError('UNSUPPORTED', `nothing here can do ${kind}`);
    const end =
      disturbing === 'partition'
        ? this.#gate.shut()
        : this.#gate.disturb(disturbanceOf(disturbing, shape, endsAtMs));
    return {
      by: 'userspace',
      atMs: Date.now(),
      async heal(): Promise<Healed> {
        end();
        return { atMs: Date.now() };
      },
    };
  }
}

/** Connections do not outlive it. */
function isBreak(kind: DisturbanceKind): boolean {
  return kind === 'partition' || kind === 'reset';
}
