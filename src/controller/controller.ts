import { randomBytes } from 'node:crypto';
import type { Bus } from '../bus/bus.js';
import type { HubTarget } from '../client/hub-target.js';
import { errorText, PosternError } from '../errors.js';
import { RunsService } from '../gen/postern/v1/runs.js';
import type { Logger } from '../log.js';
import type { Operated } from '../operating.js';
import type { OwnService } from '../own-service.js';
import { NodeCalls } from './nodes/node-calls.js';
import { RunBoard } from './runs/board.js';
import { operateRuns } from './runs/operate-runs.js';
import { runsService } from './runs/runs-service.js';

/** A controller that is silent for so long loses its runs to others, milliseconds. */
export const defaultLeaseMs = 10_000;
/** Between two tries to open the buckets, milliseconds. */
const againMs = 1_000;

/** What a controller is given by whoever starts it. */
export interface ControllerDeps {
  /** Connected as `controller`; closed by whoever started it, after it has stopped. */
  readonly bus: Bus;
  /** The hub that nodes are called by, with a token that may; asked when it is first needed, and again after a loss. */
  readonly hub: () => Promise<HubTarget>;
  /** Hears what is done to runs by the service; default: nobody does. */
  readonly told?: (operated: Operated) => void;
  readonly log: Logger;
  /** Its name, one subject token; default: random. */
  readonly name?: string;
  /** A controller that is silent for so long loses its runs; the same for all, milliseconds. */
  readonly leaseMs?: number;
  /** Unix milliseconds; default: the system's clock. */
  readonly now?: () => number;
}

/** A controller that was started. */
export interface RunningController {
  /** Resolves when it takes runs; never rejects: a store that does not answer is waited for. */
  readonly ready: Promise<void>;
  /** `postern.v1.Runs`, to be served by whoever started it. */
  readonly service: OwnService;
  /** Gives its runs to other controllers and stops. */
  stop(): Promise<void>;
}

/** Starts a controller: it conducts the runs that are begun here, and takes over those whose controller is gone. */
export function startController(deps: ControllerDeps): RunningController {
  const { bus, log, leaseMs = defaultLeaseMs, now = Date.now, told = () => {} } = deps;
  const controller = deps.name ?? randomBytes(6).toString('hex');
  const calls = new NodeCalls(deps.hub);
  const life = new AbortController();
  const opened = openBoard({ bus, calls, controller, leaseMs, now, log }, life.signal);
  const ready = opened.then(() => {});
  ready.catch(() => {}); // whoever does not look at it shall not be ended by it
  const stopOperating = operateRuns(bus, () => opened, log);
  const service: OwnService = {
    name: 'postern.v1.Runs',
    definition: RunsService,
    implementation: { ...runsService({ bus, board: () => opened, now, told, log }) },
  };
  return {
    ready,
    service,
    async stop() {
      life.abort();
      stopOperating();
      const board = await opened.catch(() => undefined);
      await board?.stop();
      calls.close();
    },
  };
}

async function openBoard(
  options: Parameters<typeof RunBoard.open>[0],
  signal: AbortSignal,
): Promise<RunBoard> {
  for (;;) {
    try {
      return await RunBoard.open(options);
    } catch (thrown) {
      if (!(thrown instanceof PosternError) || thrown.code !== 'STORE_UNAVAILABLE') throw thrown;
      options.log.warn(`runs cannot be conducted yet: ${errorText(thrown)}`);
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, againMs);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
  }
}
