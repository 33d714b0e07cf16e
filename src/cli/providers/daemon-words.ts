import type { DaemonSetup, Scenario } from '../../controller/scenario/scenario.js';
import type { DaemonPlace } from './ground.js';

/**
 * What the daemons of a world have where the scenario says nothing, milliseconds: peers that are there again after a fault
 * shall find each other within seconds.
 */
const usual = { minBackoffMs: 50, maxBackoffMs: 1_000, idleMs: 5_000 };

/** A daemon that is to be started. */
export interface DaemonOrder {
  readonly node: string;
  readonly setup: DaemonSetup;
  readonly place: (node: string) => DaemonPlace;
  /** Where this daemon reaches another. */
  readonly reach: (node: string) => string | undefined;
  /** Those of its peers that it dials; the others dial it. */
  readonly dials: readonly string[];
  /** Directory of the node. */
  readonly data: string;
  readonly truth: string;
  /** Decides what it does wrong on purpose. */
  readonly seed: string;
  /** Whether tests send images, which daemons of today do not take any more. */
  readonly media: boolean;
}

/** Whether a scenario has a test of images. */
export function sendsMedia({ groups }: Pick<Scenario, 'groups'>): boolean {
  return groups.some(({ tests }) => tests.some(({ workload }) => workload.type === 'media'));
}

/** Of so many peers that are all told of each other, each is connected with all. */
const mostInMesh = 16;

/**
 * The peers that a daemon is to dial, of those that it is told of. Where two are told of each other, the later one of the
 * scenario dials. Where more than 16 are, each dials those before it by 1, 2, 4, 8, … places, in a circle: what is written
 * is passed on by all, and with a connection of each to all it would come to each from all of them.
 */
export function peersToDial(
  node: string,
  { nodes }: Pick<Scenario, 'nodes'>,
  place: (node: string) => DaemonPlace,
): string[] {
  const told = new Map<string, readonly string[]>();
  for (const { names, daemon } of nodes) for (const name of names) told.set(name, daemon.peers);
  const isMutual = (peer: string): boolean =>
    peer !== node && place(peer).reachedAt !== undefined && told.get(peer)?.includes(node) === true;
  const others = (told.get(node) ?? []).filter((peer) => peer !== node);
  if (place(node).reachedAt === undefined) return others;
  const order = [...told.keys()].filter((name) => name === node || (others.includes(name) && isMutual(name)));
  const here = order.indexOf(node);
  const distances = Array.from({ length: 8 }, (_, i) => 2 ** i).filter((far) => far < order.length);
  const dialled =
    order.length > mostInMesh ? distances.map((far) => order.at(here - far)) : order.slice(0, here);
  return others.filter((peer) => !isMutual(peer) || dialled.includes(peer));
}

/** All that a daemon is told of. */
export function toldOf({ rdvp, relay, bootstrap }: DaemonSetup, dials: readonly string[]): string[] {
  return [...dials, ...rdvp, ...relay, ...bootstrap];
}

/** The words of `postern daemon …` for a node. */
export function daemonWords(order: DaemonOrder): string[] {
  const { node, setup, place, reach, dials, data, truth, seed, media } = order;
  const { grpc, peerListen, reachedAt } = place(node);
  const { idleMs = usual.idleMs, syncMs } = setup;
  const soonest = setup.minBackoffMs ?? Math.min(usual.minBackoffMs, setup.maxBackoffMs ?? Infinity);
  const latest = setup.maxBackoffMs ?? Math.max(usual.maxBackoffMs, soonest);
  const others = (option: string, names: readonly string[]): string[] =>
    names.flatMap((name) => {
      const at = name === node ? undefined : reach(name);
      return at === undefined ? [] : [option, at];
    });
  return [
    ...['daemon', '--data', data, '--listen', grpc, '--role', setup.role],
    ...['--peer-listen', peerListen ?? 'off'],
    ...(reachedAt === undefined || reachedAt === peerListen ? [] : ['--advertise', reachedAt]),
    ...others('--peer', dials),
    ...others('--rdvp', setup.rdvp),
    ...others('--relay', setup.relay),
    ...others('--bootstrap', setup.bootstrap),
    ...['--min-backoff', `${soonest}ms`, '--max-backoff', `${latest}ms`, '--idle', `${idleMs}ms`],
    ...(syncMs === undefined ? [] : ['--sync', `${syncMs}ms`]),
    ...(setup.acknowledge === true ? ['--acknowledge'] : []),
    ...(setup.misbehave === undefined ? [] : ['--misbehave', setup.misbehave, '--seed', `${seed}/${node}`]),
    ...['--truth', truth],
    ...(media ? ['--dialect', 'berty.protocol.v1'] : []),
  ];
}
