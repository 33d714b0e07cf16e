import type { FaultScope } from '../../fault-kinds.js';
import type { Ability, Act, Asked, Healed, Injection, Injector, Proving } from './injection.js';

/**
 * Faults of the scope `host` without the kernel: what is between the daemons and what is between the agent and its hub are
 * disturbed at the same time. It can what both can.
 */
export class TogetherFaults implements Injector {
  readonly #parts: readonly { readonly scope: FaultScope; readonly injector: Injector }[];

  constructor(parts: { readonly daemon: Injector; readonly hub: Injector }) {
    this.#parts = [
      { scope: 'daemon', injector: parts.daemon },
      { scope: 'hub', injector: parts.hub },
    ];
  }

  async ability(act: Act): Promise<Ability> {
    const abilities = await Promise.all(
      this.#parts.map(({ scope, injector }) => injector.ability(scoped(act, scope))),
    );
    return abilities.find((ability) => 'code' in ability) ?? { by: 'userspace' };
  }

  async prepare(act: Act): Promise<() => void> {
    const releases = await Promise.all(
      this.#parts.map(({ scope, injector }) => injector.prepare(scoped(act, scope))),
    );
    return () => {
      for (const release of releases) release();
    };
  }

  async proving(act: Act, name: string): Promise<Proving> {
    const [first, ...others] = await Promise.all(
      this.#parts.map(({ scope, injector }) => injector.proving(scoped(act, scope), name)),
    );
    // What one part must spare the other may act on.
    const affected = [first, ...others].flatMap((one) => one?.canaries ?? []);
    return {
      canaries: affected.filter(({ path }) => path === 'affected'),
      expects: first?.expects ?? { sees: 'nothing' },
    };
  }

  async inject(asked: Asked): Promise<Injection> {
    const acting: Injection[] = [];
    try {
      for (const { scope, injector } of this.#parts) {
        acting.push(await injector.inject({ ...scoped(asked, scope), name: `${asked.name}.${scope}` }));
      }
    } catch (thrown) {
      await healed(acting);
      throw thrown;
    }
    return {
      by: 'userspace',
      atMs: Math.max(...acting.map(({ atMs }) => atMs)),
      heal: () => healed(acting),
      dropped: async () => {
        const counts = await Promise.all(acting.map((one) => one.dropped?.() ?? 0));
        return counts.reduce((sum, count) => sum + count, 0);
      },
    };
  }
}

/** The same act on a part of what it acts on. Other nodes are named to the part that leads to them. */
function scoped<A extends Act>(act: A, scope: FaultScope): A {
  const from = scope === 'hub' ? [] : act.shape.from;
  return { ...act, shape: { ...act.shape, scope, from } };
}

/** Ends all of them, and rejects where one did not end; then it may be called again. */
async function healed(acting: readonly Injection[]): Promise<Healed> {
  const ends = await Promise.allSettled(acting.map((one) => one.heal()));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  const healings = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  const differed = healings.find(({ code }) => code !== undefined);
  return { ...differed, atMs: Math.max(Date.now(), ...healings.map(({ atMs }) => atMs)) };
}
