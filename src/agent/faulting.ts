import { join } from 'node:path';
import { lockDirectory } from '../bus/directory-lock.js';
import { errorText } from '../errors.js';
import { FaultsServiceService } from '../gen/postern/v1/faults.js';
import type { Logger } from '../log.js';
import { Capabilities } from './faults/capabilities.js';
import type { FaultFact } from './faults/fault-fact.js';
import { faultsService } from './faults/faults-service.js';
import { GateFaults } from './faults/gate-faults.js';
import { GuardianLink } from './faults/guardian-link.js';
import type { HubPlaces } from './faults/hub-places.js';
import type { Healed } from './faults/injection.js';
import { Injectors } from './faults/injectors.js';
import { KernelFaults } from './faults/kernel/kernel-faults.js';
import { NodeFaults } from './faults/node-faults.js';
import type { FaultPlan } from './faults/plan.js';
import { ProcessFaults, type SupervisedDaemon } from './faults/process/process-faults.js';
import { loopbackCanaries } from './faults/proof/answer-canary.js';
import { hubCanaries } from './faults/proof/gate-canary.js';
import type { Relays } from './faults/relay-faults.js';
import { UndoShelf } from './faults/undo-shelf.js';
import { diskFiles } from './journal/files.js';
import type { OperableKind } from './operate/operate-desk.js';
import { faultKind } from './operate/rehearsal-kinds.js';
import type { OwnService } from './own-services.js';
import type { RelaySpec } from './relay-spec.js';
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
  /** Ways between daemons that the agent leads through itself. */
  readonly relays: readonly RelaySpec[];
  /** Where other nodes find this machine; none: at its own addresses. */
  readonly addresses: readonly string[];
  /** The longest that a fault may last, milliseconds. */
  readonly longestMs: number;
  readonly transitions: Transitions;
  readonly log: Logger;
}

/** The faults of an agent, as a part of it. */
export interface Faulting {
  readonly service: OwnService;
  /** For operators. */
  readonly operable: OperableKind;
  /** The faults themselves, for whoever makes some in this process. */
  readonly faults: NodeFaults;
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
  for (const { file, why } of await undo.unreadable()) {
    log.error(
      { file, why },
      'what a former life of this agent was to undo cannot be read; look, and remove the file',
    );
  }
  return {
    release,
    open: (more) => openFaulting({ ...options, ...more, undo, directory, release }),
  };
}

/** What faults need when what an earlier agent has left is undone. */
type OpenOptions = FaultingOptions &
  Parameters<Undone['open']>[0] & {
    readonly undo: UndoShelf;
    readonly directory: string;
    readonly release: () => Promise<void>;
  };

async function openFaulting(options: OpenOptions): Promise<Faulting> {
  // Most agents hold none, and do without the code for it.
  const relays =
    options.relays.length === 0
      ? undefined
      : await (await import('./relays/relays.js')).openRelays(options.relays, options.log);
  try {
    return await openBesideRelays(options, relays);
  } catch (thrown) {
    await relays?.close();
    throw thrown;
  }
}

async function openBesideRelays(options: OpenOptions, relays: Relays | undefined): Promise<Faulting> {
  const { directory, node, key, places, target, supervised, transitions, log } = options;
  const { undo, book, note, release, addresses, longestMs } = options;
  const guardian = new GuardianLink(undo, log);
  const kernel = new KernelFaults({ places, undo, guardian, owner: key, target, log });
  const output = join(directory, 'daemon.log');
  const faults = await NodeFaults.open({
    directory,
    node,
    injector: new Injectors({
      kernel,
      relays: relays?.faults,
      gate: new GateFaults(places.gate, () => loopbackCanaries('spared', target())),
      processes: new ProcessFaults({
        ...{ target, undo, guardian, output, supervised },
        spared: () => hubCanaries('spared', places.gate),
      }),
    }),
    longestMs,
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
  const capabilities = new Capabilities({
    ...{ injector: faults.injector, nft: () => kernel.nft(), addresses, longestMs, log },
    relays: relays?.open ?? [],
  });
  capabilities.begin();
  return {
    service: {
      name: 'postern.v1.FaultsService',
      definition: FaultsServiceService,
      implementation: faultsService({ faults, capabilities, book, log }),
    },
    operable: faultKind(node, faults),
    faults,
    closeRun: (run) => faults.closeRun(run),
    acting: (run) => faults.acting(run),
    async close() {
      await faults.stop();
      guardian.stop();
      await relays?.close();
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
