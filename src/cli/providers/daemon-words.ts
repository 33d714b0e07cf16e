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

/**
 * The peers that a daemon is to dial, of those that it is told of. Where two are told of each other, the later one of the
 * scenario dials: forty that dial all others while these are still to be started have little time for anything else.
 */
export function peersToDial(
  node: string,
  { nodes }: Pick<Scenario, 'nodes'>,
  place: (node: string) => DaemonPlace,
): string[] {
  const names = nodes.flatMap((entry) => entry.names);
  const peersOf = (name: string): readonly string[] =>
    nodes.find((entry) => entry.names.includes(name))?.daemon.peers ?? [];
  const isReached = place(node).reachedAt !== undefined;
  return peersOf(node).filter((peer) => {
    const isMutual = isReached && peersOf(peer).includes(node);
    return peer !== node && !(isMutual && names.indexOf(peer) > names.indexOf(node));
  });
}

/** The words of `postern daemon …` for a node. */
export function daemonWords(order: DaemonOrder): string[] {
  const { node, setup, place, dials, data, truth, seed, media } = order;
  const { grpc, peerListen, reachedAt } = place(node);
  const { idleMs = usual.idleMs, syncMs } = setup;
  const soonest = setup.minBackoffMs ?? Math.min(usual.minBackoffMs, setup.maxBackoffMs ?? Infinity);
  const latest = setup.maxBackoffMs ?? Math.max(usual.maxBackoffMs, soonest);
  const others = (option: string, names: readonly string[]): string[] =>
    names.flatMap((name) => {
      const at = name === node ? undefined : place(name).reachedAt;
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
