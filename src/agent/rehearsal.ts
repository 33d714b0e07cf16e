import { join } from 'node:path';
import type { Bus } from '../bus/bus.js';
import { TestsServiceService } from '../gen/postern/v1/tests.js';
import type { Logger } from '../log.js';
import { BertyAdapter } from './adapters/berty/berty-adapter.js';
import { DaemonWatch } from './adapters/daemon-watch.js';
import { type Faulting, type FaultingOptions, undoFaults } from './faulting.js';
import { noteFault } from './faults/fault-notes.js';
import { outageRun } from './faults/plan.js';
import { type KeptTarget, openKeptTarget } from './infra/kept-target.js';
import { openNodeParts } from './infra/node-parts.js';
import { OldRounds } from './infra/old-rounds.js';
import type { InfraParts } from './infra/parts.js';
import { JournalShelf } from './journal/shelf.js';
import type { OperableKind } from './operate/operate-desk.js';
import { daemonKind, testKind } from './operate/rehearsal-kinds.js';
import type { OwnService } from './own-services.js';
import { NodeTests } from './tests/node-tests.js';
import { RunBook } from './tests/run-book.js';
import { testsService } from './tests/tests-service.js';
import { type TestsWork, testsWork } from './tests/tests-work.js';
import type { Transitions } from './transitions.js';

/** The daemon beside an agent and the tests that run on it, as a part of the agent. */
export interface Rehearsal {
  readonly services: readonly OwnService[];
  /** What the tests' service does, for others in this process. */
  readonly work: TestsWork;
  /** The daemon. */
  readonly daemon: DaemonWatch;
  /** What the infra server does with the daemon and the network of the node. */
  readonly parts: Pick<InfraParts, 'peer' | 'reliability'>;
  /** The rounds of older controllers, which are forgotten for want of room. */
  readonly rounds: OldRounds;
  /** What the tests did, as JSON. */
  readonly results: () => Promise<unknown>;
  /** For operators. */
  readonly operables: readonly OperableKind[];
  /** The link came, with this connection, or went. */
  hub(bus: Bus | undefined): void;
  /** Stops; tests that had not ended go on when an agent is started again. */
  close(): Promise<void>;
}

/** Takes up the tests that an earlier agent has left. Throws `DATA_IN_USE`, and what a data directory may refuse. */
export async function rehearse(options: {
  /** Where the daemon's gRPC listens, `HOST:PORT`. */
  readonly daemon: string;
  /** Other daemons that `ConnectToPeer` may name, beside those on loopback. */
  readonly infraDaemons: readonly string[];
  /** What the draws of outages by lot follow from. */
  readonly reliabilitySeed: string | undefined;
  readonly node: string;
  /** Public key of the agent. */
  readonly key: string;
  /** The agent's own directory. */
  readonly directory: string;
  /** Id of this run of the agent. */
  readonly boot: string;
  readonly version: string;
  readonly transitions: Transitions;
  /** Where the hub is, which faults cut off. */
  readonly places: FaultingOptions['places'];
  /** What faults may do here, and by what ways. */
  readonly faults: Pick<FaultingOptions, 'relays' | 'addresses' | 'longestMs'>;
  /** The daemon, where the agent supervises it. */
  readonly supervised: FaultingOptions['supervised'];
  readonly log: Logger;
}): Promise<Rehearsal> {
  const { daemon: home, infraDaemons: allowed, ...common } = options;
  const { directory, log } = common;
  const kept = await openKeptTarget({ directory, home, allowed, log });
  const aim: Aim = { kept, daemon: { address: kept.target } };
  const undone = await undoFaults({ ...common, ...common.faults, target: () => aim.daemon.address });
  try {
    return await rehearseUndisturbed(options, undone, aim);
  } catch (thrown) {
    await undone.release();
    throw thrown;
  }
}

/** Where the daemon is looked for. */
interface Aim {
  readonly kept: KeptTarget;
  /** Who knows it now. */
  daemon: Pick<DaemonWatch, 'address'>;
}

async function rehearseUndisturbed(
  options: Parameters<typeof rehearse>[0],
  undone: Awaited<ReturnType<typeof undoFaults>>,
  aim: Aim,
): Promise<Rehearsal> {
  const { node, key, directory, boot, version, transitions, log } = options;
  const shelf = await JournalShelf.open({
    directory: join(directory, 'tests'),
    version,
    boot,
    publish: (transition) => {
      const [run = '', test = ''] = transition.id.split('.');
      transitions.publishTest({ node, run, test }, transition);
    },
    log,
  });
  const book = await RunBook.open({
    directory: join(directory, 'tests', 'runbook'),
    inUse: (run) => shelf.all().some(({ created }) => created.run === run),
    log,
  });
  let told: string | undefined;
  const daemon = new DaemonWatch({
    id: `${node}.${boot}`,
    target: aim.kept.target,
    adapter: (place) => new BertyAdapter(place),
    publish: (transition) => {
      const { from, to, event, context } = transition;
      // one that stays away is probed again and again
      const isNews = from !== '' && to !== '' && to !== 'probing' && to !== told;
      if (isNews) told = to;
      const why = to === 'unreachable' ? { why: context.lastError } : {};
      log[isNews ? 'info' : 'debug']({ from, to, event, ...why }, 'daemon');
      transitions.publish('daemon', { node, boot }, transition);
    },
    log,
  });
  aim.daemon = daemon;
  const target = () => daemon.address;
  let faulting: Faulting | undefined;
  const forget = async (run: string) => {
    await faulting?.closeRun(run);
    await book.forget(run);
  };
  const tests = new NodeTests({ shelf, book: { forget }, daemon, target, node, key, log });
  const rounds = new OldRounds({ drained: (journal) => tests.drained(journal), log });
  shelf.onFull((journals) => rounds.spare(journals));
  faulting = await undone.open({
    book,
    note: (plan, fact) => noteFault(shelf.all(), plan, fact, log),
  });
  const { acting } = faulting;
  const unhear = shelf.onNew((journal) => {
    for (const run of [journal.created.run, outageRun]) {
      for (const { plan, fact } of acting(run)) void noteFault([journal], plan, fact, log);
    }
  });
  let hubIsUp = false;
  const { peer, reliability, operable } = await openNodeParts({
    ...{ daemon, shelf, faults: faulting.faults, directory, node, boot, transitions, log },
    ...{ home: options.daemon, allowed: options.infraDaemons, kept: aim.kept },
    seed: options.reliabilitySeed,
    hubIsUp: () => hubIsUp,
  });
  daemon.start();
  const work = testsWork({ tests, book, daemon, node });
  const listTests: TestsWork['listTests'] = (request, signal) => {
    if (request.run !== '') for (const { created } of tests.all(request.run)) rounds.asked(created);
    return work.listTests(request, signal);
  };
  const service = {
    name: 'postern.v1.TestsService',
    definition: TestsServiceService,
    implementation: testsService({ ...work, listTests }, log),
  };
  return {
    services: [service, faulting.service],
    work,
    daemon,
    parts: { peer, reliability },
    rounds,
    results: () => work.listTests({ run: '' }, new AbortController().signal),
    operables: [daemonKind(`${node}.${boot}`, daemon), testKind(node, shelf), faulting.operable, operable],
    hub: (bus) => {
      hubIsUp = bus !== undefined;
      tests.hub(bus);
    },
    async close() {
      unhear();
      await reliability.close();
      await faulting.close();
      await tests.stop();
      rounds.close();
      daemon.stop();
    },
  };
}
