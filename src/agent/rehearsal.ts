import { join } from 'node:path';
import type { Bus } from '../bus/bus.js';
import { TestsServiceService } from '../gen/postern/v1/tests.js';
import type { Logger } from '../log.js';
import { BertyAdapter } from './adapters/berty/berty-adapter.js';
import { DaemonWatch } from './adapters/daemon-watch.js';
import { type Faulting, type FaultingOptions, undoFaults } from './faulting.js';
import { noteFault } from './faults/fault-notes.js';
import { JournalShelf } from './journal/shelf.js';
import type { OperableKind } from './operate/operate-desk.js';
import { daemonKind, testKind } from './operate/rehearsal-kinds.js';
import type { OwnService } from './own-services.js';
import { NodeTests } from './tests/node-tests.js';
import { RunBook } from './tests/run-book.js';
import { testsService } from './tests/tests-service.js';
import type { Transitions } from './transitions.js';

/** The daemon beside an agent and the tests that run on it, as a part of the agent. */
export interface Rehearsal {
  readonly services: readonly OwnService[];
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
  /** The daemon, where the agent supervises it. */
  readonly supervised: FaultingOptions['supervised'];
  readonly log: Logger;
}): Promise<Rehearsal> {
  const { daemon: target, ...common } = options;
  const undone = await undoFaults({ ...common, target: () => target });
  try {
    return await rehearseUndisturbed(options, undone);
  } catch (thrown) {
    await undone.release();
    throw thrown;
  }
}

async function rehearseUndisturbed(
  options: Parameters<typeof rehearse>[0],
  undone: Awaited<ReturnType<typeof undoFaults>>,
): Promise<Rehearsal> {
  const { daemon: target, node, key, directory, boot, version, transitions, log } = options;
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
    target,
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
  let faulting: Faulting | undefined;
  const forget = async (run: string) => {
    await faulting?.closeRun(run);
    await book.forget(run);
  };
  const tests = new NodeTests({ shelf, book: { forget }, daemon, target, node, key, log });
  faulting = await undone.open({
    book,
    note: (plan, fact) => noteFault(shelf.all(), plan, fact, log),
  });
  const { acting } = faulting;
  const unhear = shelf.onNew((journal) => {
    for (const { plan, fact } of acting(journal.created.run)) void noteFault([journal], plan, fact, log);
  });
  daemon.start();
  const service = {
    name: 'postern.v1.TestsService',
    definition: TestsServiceService,
    implementation: testsService({ tests, book, daemon, node, log }),
  };
  return {
    services: [service, faulting.service],
    operables: [daemonKind(`${node}.${boot}`, daemon), testKind(node, shelf), faulting.operable],
    hub: (bus) => tests.hub(bus),
    async close() {
      unhear();
      await faulting.close();
      await tests.stop();
      daemon.stop();
    },
  };
}
