import { PosternError } from '../../errors.js';
import type { DisturbanceKind } from '../../wire/impaired/disturbance.js';
import { disturbanceOf, disturbingOf } from '../../wire/impaired/disturbing.js';
import type {
  Ability,
  Act,
  Asked,
  Canary,
  Healed,
  Injection,
  Injector,
  Proving,
  Refusal,
} from '../faults/injection.js';
import { plainAddress } from '../faults/plain-address.js';
import { wayCanary } from '../faults/proof/way-canary.js';
import { nameOf } from './relay-ways.js';
import type { Relay } from './spec.js';

/** A relay that a fault acts on; `from`: only on what comes from these addresses. */
interface Touched {
  readonly relay: Relay;
  readonly from: readonly string[] | undefined;
}

/** Of each kind of way so many are looked at. */
const mostLooked = 4;

/** Disturbs what goes through the relays between daemons. */
export class RelayFaults implements Injector {
  readonly #relays: readonly Relay[];

  constructor(relays: readonly Relay[]) {
    this.#relays = relays;
  }

  async ability(act: Act): Promise<Ability> {
    const touched = this.#touched(act);
    return 'code' in touched ? touched : { by: 'relay' };
  }

  async prepare(): Promise<() => void> {
    return () => {};
  }

  /**
   * Something of ours through what disturbs the relays, which tells how they are disturbed; and whether anything of the
   * daemons was: without that nobody can say that they have felt it.
   */
  async proving(act: Act): Promise<Proving> {
    const kind = disturbingOf(act.kind);
    const touched = this.#touched(act);
    if (kind === undefined || 'code' in touched) return { canaries: [], expects: { sees: 'nothing' } };
    const spared = this.#relays.filter((relay) => !touched.some((one) => one.relay === relay));
    const looked = kind === 'duplicate' ? [] : touched.slice(0, mostLooked);
    // What only comes in may be disturbed where it is sent already, as a partition in one direction is at both its ends.
    const isKeptBack = act.shape.direction === 'in' && looked.length > 0;
    return {
      canaries: [
        ...(isKeptBack ? [] : [trafficCanary(kind, touched)]),
        ...looked.map((one) => canaryOf('affected', one, kind, act)),
        ...spared
          .slice(0, mostLooked)
          .map((relay) => canaryOf('spared', { relay, from: undefined }, kind, act)),
      ],
      expects: { sees: 'growth' },
    };
  }

  async inject(asked: Asked): Promise<Injection> {
    const kind = disturbingOf(asked.kind);
    const touched = this.#touched(asked);
    if ('code' in touched) throw new PosternError(touched.code, touched.message);
    if (kind === undefined) throw new PosternError('UNSUPPORTED', `no relay can do ${asked.kind}`);
    const disturbance = disturbanceOf(kind, asked.shape, asked.endsAtMs);
    const droppedBefore = dropped(touched);
    const ends = touched.map(({ relay, from }) => relay.disturb(disturbance, from));
    return {
      by: 'relay',
      atMs: Date.now(),
      async heal(): Promise<Healed> {
        for (const end of ends) end();
        return { atMs: Date.now() };
      },
      dropped: async () => dropped(touched) - droppedBefore,
    };
  }

  /** The relays that an act is for, or why it cannot be. */
  #touched({ kind, shape }: Act): readonly Touched[] | Refusal {
    const disturbing = disturbingOf(kind);
    if (disturbing === undefined) return refused(`no relay can do ${kind}`);
    const chosen = shape.from.length === 0 ? this.#all() : this.#from(shape.from);
    if ('code' in chosen) return chosen;
    const protocol = protocols[disturbing];
    const fit = chosen.filter(({ relay }) => protocol === undefined || relay.spec.protocol === protocol);
    if (fit.length > 0) return fit;
    return refused(
      protocol === 'tcp'
        ? 'only connections of TCP can be reset, and this agent holds no relay of TCP on that way'
        : `a connection of TCP shows no ${kind}, and this agent holds no relay of UDP on that way`,
    );
  }

  #all(): readonly Touched[] {
    return this.#relays.map((relay) => ({ relay, from: undefined }));
  }

  /** Those that lead to the nodes, and those that lead here, of which only what comes from the nodes is meant. */
  #from(peers: Act['shape']['from']): readonly Touched[] | Refusal {
    const here = this.#relays.filter(({ spec }) => spec.node === '');
    const touched: Touched[] = [];
    const plain = peers.map(({ node, addresses }) => ({ node, addresses: addresses.map(plainAddress) }));
    for (const { node, addresses } of plain) {
      const there = this.#relays.filter(({ spec }) => spec.node === node);
      // A daemon may only be dialled by another, and dial it never.
      if (there.length === 0 && here.length === 0) {
        return refused(
          `this agent holds no relay to ${node}; start it with --daemon-relay ${node}@LISTEN=TARGET`,
        );
      }
      const isOurs = here.some(({ spec }) => addresses.includes(plainAddress(spec.listen.host)));
      if (isOurs || (here.length > 0 && addresses.length === 0)) {
        const why = isOurs ? 'shares its address with this machine' : 'is known by no address';
        return refused(`what comes from ${node} cannot be told from what comes from others, for it ${why}`);
      }
      touched.push(...there.map((relay) => ({ relay, from: undefined })));
    }
    const from = plain.flatMap(({ addresses }) => addresses);
    return [...touched, ...here.map((relay) => ({ relay, from }))];
  }
}

/** Kinds that only one protocol knows. */
const protocols: Readonly<Partial<Record<DisturbanceKind, 'tcp' | 'udp'>>> = {
  reset: 'tcp',
  duplicate: 'udp',
  reorder: 'udp',
};

function refused(message: string): Refusal {
  return { code: 'UNSUPPORTED', message };
}

function canaryOf(path: Canary['path'], { relay, from }: Touched, kind: DisturbanceKind, act: Act): Canary {
  return wayCanary(
    path,
    {
      name: `relay ${nameOf(relay.spec)}`,
      as: relay.spec.protocol === 'udp' ? 'datagram' : 'stream',
      ways: () => relay.ways(from?.[0]),
      isResetting: () => relay.isResetting,
    },
    kind,
    act.shape,
  );
}

/** How much of what the daemons have sent each other was disturbed. */
function trafficCanary(kind: DisturbanceKind, touched: readonly Touched[]): Canary {
  return {
    path: 'affected',
    name: "the daemons' own traffic",
    expects: { sees: 'growth', zero: 'unfelt' },
    look: async () => ({ through: true, ms: 0, found: String(struck(kind, touched)) }),
  };
}

function struck(kind: DisturbanceKind, touched: readonly Touched[]): number {
  let sum = 0;
  for (const { relay } of touched) {
    const { in: incoming, out: outgoing, connections } = relay.counts();
    for (const { held, dropped, duplicated, reordered } of [incoming, outgoing]) {
      if (kind === 'duplicate') sum += duplicated;
      else if (kind === 'reorder') sum += reordered;
      else sum += held + dropped;
    }
    sum += connections;
  }
  return sum;
}

function dropped(touched: readonly Touched[]): number {
  const counts = touched.map(({ relay }) => relay.counts());
  return counts.reduce((sum, { in: incoming, out }) => sum + incoming.dropped + out.dropped, 0);
}
