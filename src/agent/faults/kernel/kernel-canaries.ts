import { parseAddress } from '../../../wire/address.js';
import type { HubPlaces } from '../hub-places.js';
import type { Act, Canary, Expectation, Neighbour, Proving } from '../injection.js';
import { plainAddress } from '../plain-address.js';
import { isOwn } from '../process/listening.js';
import { lookMs } from '../proof/socket-sight.js';
import { type TcpPlace, tcpCanary } from '../proof/tcp-canary.js';
import { addressesOf } from './disturbance.js';
import { farEnds } from './far-ends.js';
import { routeTo } from './interfaces.js';
import type { Line } from './line-faults.js';
import { queueCanary } from './queue-canary.js';

/** The most ways of a sort that are looked at. */
const mostEach = 3;
/** A port that is asked at an address of which no open one is known: who listens there or not, an answer comes (discard, RFC 863). */
const anyPort = 9;
/** An interface that was put up finds its neighbours, and looks for others with its addresses, within so long, milliseconds. */
const settleMs = 15_000;

/** Ways to look at from this machine, by whom they lead to. */
interface Ways {
  readonly hub: readonly TcpPlace[];
  /** Nodes that are named. */
  readonly named: readonly TcpPlace[];
  /** Whoever else this machine talks to. */
  readonly others: readonly TcpPlace[];
  /** The daemon, where it is reached over loopback. */
  readonly daemon: readonly TcpPlace[];
}

/** What the proof of the kernel's faults is made of. */
export interface Sources {
  readonly places: HubPlaces;
  /** Where the daemon listens now. */
  readonly target: () => string;
  /** Where ip is; undefined: nowhere. */
  readonly ip: string | undefined;
}

/** How packets that nftables disturbs prove it; `drops` counts those that it has dropped. */
export async function provingPackets(act: Act, sources: Sources, drops: Canary): Promise<Proving> {
  const { scope } = act.shape;
  const ways = await waysOf(act, sources);
  const { hub, named, others } = ways;
  const isNamed = act.shape.from.length > 0;
  const all = scope === 'hub' ? hub : isNamed ? named : scope === 'daemon' ? others : [...hub, ...others];
  // Who answers to whatever is asked tells of a reset only where somebody listened before.
  const resetAnswers = act.kind !== 'reset';
  const affected = all
    .slice(0, 2 * mostEach)
    .map((place) => tcpCanary('affected', place, { resetAnswers, alsoBy: touching(act, place) }));
  const expects = expectationOf(act);
  const leftAlone = [
    ...ways.daemon,
    ...(scope === 'daemon' ? hub : []),
    ...(isNamed ? others.slice(0, 1) : []),
  ];
  return {
    canaries: [
      ...affected,
      // Of a loss few packets, or none, may be dropped in its time, and resets are none.
      ...(expects.sees === 'nothing' && act.kind !== 'reset' ? [drops] : []),
      ...leftAlone.map((place) => tcpCanary('spared', place, { alsoBy: touching(act, place) })),
    ],
    expects,
  };
}

/** Faults of other nodes that act on the way to a place. */
function touching({ neighbours = [] }: Act, { address }: TcpPlace): Neighbour[] {
  return neighbours.filter(({ addresses }) => addresses.includes(address));
}

/** Places on whose ways nobody else acts first. */
function calmFirst(act: Act, places: readonly TcpPlace[]): TcpPlace[] {
  const isTouched = (place: TcpPlace) => touching(act, place).length > 0;
  return places.toSorted((one, other) => Number(isTouched(one)) - Number(isTouched(other)));
}

/** How an interface that is down, or a queue that disturbs, proves it. */
export async function provingLine(act: Act, line: Line, sources: Sources): Promise<Proving> {
  const { hub, others, daemon } = await waysOf(act, sources);
  const affected = [...hub, ...others].slice(0, 2 * mostEach);
  const canaries: Canary[] = affected.map((place) =>
    tcpCanary('affected', place, { alsoBy: touching(act, place) }),
  );
  const expects = expectationOf(act);
  const queues: Canary[] =
    act.kind === 'interface' ? [] : affected.slice(0, mostEach).map((place) => queueCanary(line, place));
  return {
    canaries: [
      ...(expects.sees === 'growth' ? [] : canaries),
      ...queues,
      ...daemon.map((place) => tcpCanary('spared', place)),
    ],
    expects,
    ...(act.kind === 'interface' ? { settleMs } : {}),
  };
}

function expectationOf({ kind, shape }: Act): Expectation {
  const { direction, share, delayMs, jitterMs } = shape;
  if (kind === 'loss') {
    // A connection is opened by a packet there and one back.
    const ways = direction === 'both' ? 2 : 1;
    return { sees: 'some', share: (1 - share) ** ways };
  }
  if (kind === 'rate' || kind === 'duplicate' || kind === 'reorder') return { sees: 'growth' };
  if (kind !== 'delay') return { sees: 'nothing' };
  const least = delayMs - jitterMs;
  if (least > lookMs) return { sees: 'nothing' };
  // Less than that is not told from what a busy machine takes.
  return least < 5 ? { sees: 'growth' } : { sees: 'delay', ms: delayMs };
}

async function waysOf(act: Act, { places, target, ip }: Sources): Promise<Ways> {
  const [hubAddresses, open] = await Promise.all([places.addresses(), farEnds()]);
  const ofHub = new Set(hubAddresses);
  const connected = new Map(
    places.gate.farEnds.map(({ address, port }) => {
      const place = { address: plainAddress(address), port };
      return [`${place.address} ${port}`, place] as const;
    }),
  );
  const hub = [...connected.values()].filter(({ address }) => !isOwn(address)).slice(0, mostEach);
  const named = addressesOf(act);
  const at = (address: string) =>
    open.find((place) => place.address === address) ?? { address, port: anyPort };
  const strangers = open.filter(({ address }) => !ofHub.has(address) && !named.includes(address));
  const gateway = strangers.length > 0 ? undefined : await gatewayBy(ip, hubAddresses);
  return {
    hub,
    named: calmFirst(act, [...new Set(named)].map(at)).slice(0, 2 * mostEach),
    others:
      gateway === undefined
        ? calmFirst(act, strangers).slice(0, mostEach)
        : [{ address: gateway, port: anyPort }],
    daemon: daemonAt(target()),
  };
}

/** The next machine on the way to the hub, where that is no hub itself. */
async function gatewayBy(ip: string | undefined, hub: readonly string[]): Promise<string | undefined> {
  const [elsewhere] = hub.filter((address) => !isOwn(address));
  if (ip === undefined || elsewhere === undefined) return undefined;
  const { gateway, device } = (await routeTo(ip, elsewhere).catch(() => undefined)) ?? {};
  if (gateway === undefined || hub.includes(gateway)) return undefined;
  // Routers of IPv6 are told by addresses that mean something on their line alone.
  return /^fe[89ab]/i.test(gateway) ? `${gateway}%${device}` : gateway;
}

function daemonAt(target: string): TcpPlace[] {
  const address = parseAddress(target);
  if ('path' in address) return [];
  const host = address.host === '' || address.host === 'localhost' ? '127.0.0.1' : address.host;
  return isOwn(host) ? [{ address: host, port: address.port }] : [];
}
