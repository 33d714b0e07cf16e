import { join } from 'node:path';
import { lockDirectory } from '../bus/directory-lock.js';
import type { Logger } from '../log.js';
import { makePrivateDirectory } from '../private-file.js';
import { Acknowledger } from './acknowledger.js';
import { Counts } from './counts.js';
import type { DaemonDialect } from './dialect.js';
import { defaultGroupLimits } from './group/admission.js';
import { Groups } from './group/groups.js';
import { loadIdentity } from './identity.js';
import { MediaLibrary } from './media/media-library.js';
import { crashingSteps } from './misbehave/crashes.js';
import { Sender } from './misbehave/faulty-sender.js';
import { type Odd, Plan } from './misbehave/plan.js';
import { Truth } from './misbehave/truth.js';
import { Peers, type PeersConfig } from './peer/peers.js';
import { type Services, startServices } from './service/server.js';
import { Tokens } from './service/tokens.js';

/** Everything that a daemon is told. */
export interface DaemonConfig {
  /** Its own directory. */
  readonly data: string;
  /** Where it serves gRPC. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly peers: PeersConfig;
  /** Whether it acknowledges each user message, as Berty's messenger does. */
  readonly acknowledge: boolean;
  readonly dialect: DaemonDialect;
  readonly misbehave: { readonly odd: Odd; readonly seed: string; readonly truth: string };
  readonly version: string;
}

/** A daemon that serves. */
export interface RunningDaemon {
  /** Where it serves gRPC, with the real port. */
  readonly listen: string;
  readonly peerId: string;
  /** Where peers reach it. */
  readonly addresses: readonly string[];
  /** Key among peers, in hex: for `relay:HOST:PORT/KEY`. */
  readonly peerKey: string;
  stop(): Promise<void>;
}

/** Starts the reference daemon. Throws `DATA_IN_USE`, `DATA_UNUSABLE`, `LOG_DAMAGED`, `PORT_IN_USE`. */
export async function startDaemon(config: DaemonConfig, log: Logger): Promise<RunningDaemon> {
  await makePrivateDirectory(config.data);
  const undo: (() => Promise<void> | void)[] = [await lockDirectory(join(config.data, 'lock'))];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const truth = new Truth(config.misbehave.truth);
    undo.push(() => truth.close());
    const plan = new Plan(config.misbehave.odd, config.misbehave.seed);
    const steps = crashingSteps(plan, truth);
    const counts = new Counts();
    const identity = await loadIdentity(config.data, steps);
    const tokens = await Tokens.load(config.data, steps);
    const { seeds } = identity;
    const groups = new Groups({ data: config.data, seeds, limits: defaultGroupLimits, counts, steps, log });
    undo.push(() => groups.stop());
    await groups.start(identity.accountGroup);
    const sender = new Sender(plan, truth);
    if (config.acknowledge) new Acknowledger(groups, counts, log).start();
    const peers = new Peers(config.peers, { key: identity.peer, groups, counts, log });
    undo.push(() => peers.stop());
    await peers.start();
    for (const { record } of groups.all()) for (const { address } of record.replicas) peers.connect(address);
    const { role } = config.peers;
    const services: Services = await startServices(
      {
        identity,
        role,
        groups,
        peers,
        sender,
        plan,
        truth,
        tokens,
        media: config.dialect === 'berty.protocol.v1' ? new MediaLibrary(groups) : undefined,
        counts,
        version: config.version,
        startedAtMs: Date.now(),
        log,
      },
      config.listen,
    );
    undo.push(() => services.stop());
    return {
      listen: services.listen,
      peerId: identity.peerId,
      addresses: peers.addresses(),
      peerKey: identity.peer.publicKey.toString('hex'),
      stop,
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}
