import { join } from 'node:path';
import { lockDirectory } from '../bus/directory-lock.js';
import { errorText } from '../errors.js';
import { FaultsServiceService } from '../gen/postern/v1/faults.js';
import type { Logger } from '../log.js';
import type { FaultFact } from './faults/fault.js';
import { faultsService } from './faults/faults-service.js';
import { GuardianLink } from './faults/guardian-link.js';
import type { HubPlaces } from './faults/hub-places.js';
import type { Healed } from './faults/injection.js';
import { Injectors } from './faults/injectors.js';
import { LinkFaults } from './faults/link-faults.js';
import { NftCuts } from './faults/nft-cuts.js';
import { NodeFaults } from './faults/node-faults.js';
import type { FaultPlan } from './faults/plan.js';
import { ProcessFaults, type SupervisedDaemon } from './faults/process-faults.js';
import { UndoShelf } from './faults/undo-shelf.js';
import { diskFiles } from './journal/files.js';
import type { OperableKind } from './operate/operate-desk.js';
import { faultKind } from './operate/rehearsal-kinds.js';
import type { OwnService } from './own-services.js';
import type { RunBook } from './tests/run-book.js';
import type { Transitions } from './transitions.js';

/** What an agent's faults need, before there are tests. */
export interface FaultingOptions {
  /** The agent's own directory. */
  readonly directory: string;
  readonly node: string;
  /** Public key of the agent. */
  readonly key: string;
  /** Id of this run of the agent. */
  readonly boot: string;
  readonly places: HubPlaces;
  /** Where the daemon listens now. */
  readonly target: () => string;
  /** The daemon, where the agent supervises it. */
  readonly supervised: SupervisedDaemon | undefined;
  readonly transitions: Transitions;
  readonly log: Logger;
}

/** The faults of an agent, as a part of it. */
export interface Faulting {
  readonly service: OwnService;
  /** For operators. */
  readonly operable: OperableKind;
  /** A run is closed. */
  closeRun(run: string): Promise<void>;
  /** Faults that act now, of a run: a test that is made meanwhile has to know. */
  acting(run: string): { plan: FaultPlan; fact: FaultFact }[];
  /** Ends what acts, and stops. */
  close(): Promise<void>;
}

/** What an earlier agent has left is undone; the faults themselves are not taken up yet. */
export interface Undone {
  open(options: {
    readonly book: RunBook;
    /** Records a fact in the journals of the run's tests. Never rejects. */
    readonly note: (plan: FaultPlan, fact: FaultFact) => Promise<void>;
  }): Promise<Faulting>;
  /** Lets another process have the directory. */
  release(): Promise<void>;
}

/** First of all undoes what an earlier agent has left. Throws `DATA_IN_USE`, and what a data directory may refuse. */
export async function undoFaults(options: FaultingOptions): Promise<Undone> {
  const { log, boot } = options;
  const directory = join(options.directory, 'faults');
  await diskFiles.makeDirectory(join(directory, 'undo'));
  const release = await lockDirectory(join(directory, 'lock'));
  const undo = new UndoShelf(join(directory, 'undo'), boot);
  for (const { name } of await undo.open()) {
    log.warn({ fault: name }, 'undoing a fault of a former life of this agent');
    await undo.undo(name).catch((thrown: unknown) => {
      log.error({ fault: name, err: errorText(thrown) }, 'it was not undone, and is tried again');
    });
  }
  return {
    release,
    open: (more) => openFaulting({ ...options, ...more, undo, directory, release }),
  };
}

async function openFaulting(
  options: FaultingOptions &
    Parameters<Undone['open']>[0] & {
      readonly undo: UndoShelf;
      readonly directory: string;
      readonly release: () => Promise<void>;
    },
): Promise<Faulting> {
  const { directory, node, key, places, target, supervised, transitions, log } = options;
  const { undo, book, note, release } = options;
  const guardian = new GuardianLink(undo, log);
  const nft = new NftCuts({ places, undo, guardian, owner: key, log });
  const output = join(directory, 'daemon.log');
  const faults = await NodeFaults.open({
    directory,
    node,
    injector: new Injectors(
      new LinkFaults(places, nft, guardian),
      new ProcessFaults({ target, undo, guardian, output, supervised }),
    ),
    undoLeft: async (name) => leftBy(await undo.undo(name)),
    forget: (name) => undo.forget(name),
    note,
    publish: (transition) => {
      const { from, to, event, id } = transition;
      const [run = '', fault = ''] = id.split('.');
      log.info({ run, fault, from, to, event }, 'fault');
      transitions.publishFault({ node, run, fault }, transition);
    },
    log,
  });
  return {
    service: {
      name: 'postern.v1.FaultsService',
      definition: FaultsServiceService,
      implementation: faultsService({ faults, nft: () => nft.probe(), book, log }),
    },
    operable: faultKind(node, faults),
    closeRun: (run) => faults.closeRun(run),
    acting: (run) => faults.acting(run),
    async close() {
      await faults.stop();
      guardian.stop();
      await release();
    },
  };
}

/** What became of a fault whose agent has ended while it acted. */
function leftBy(undone: Healed | undefined): Healed {
  const said = undone?.message === undefined ? '' : `; ${undone.message}`;
  return {
    atMs: undone?.atMs ?? Date.now(),
    code: 'AGENT_ENDED',
    message: `the agent ended while the fault acted, which ended it at the latest then${said}`,
  };
}
