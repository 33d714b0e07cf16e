import type { Transition } from '../bus/messages.js';
import { PosternError } from '../errors.js';
import { FluentdService } from '../gen/external/fluentd.js';
import type { Logger } from '../log.js';
import type { SupervisedDaemon } from './faults/process/process-faults.js';
import type { OperableKind } from './operate/operate-desk.js';
import { processKind } from './operate/process-kind.js';
import type { OwnService } from './own-services.js';
import type { ProcessConfig } from './supervise/config.js';
import { fluentdService } from './supervise/fluentd-service.js';
import { Supervisor } from './supervise/supervisor.js';

/** The process that an agent supervises, as a part of the agent. */
export interface Supervised {
  readonly service: OwnService;
  /** For operators. */
  readonly operable: OperableKind;
  /** For faults that kill it. */
  readonly daemon: SupervisedDaemon;
  /** The agent drains for so long, in milliseconds: the process gets its grace before that is over. */
  drain(drainMs: number): void;
  /** Ends the process, within that drain where there is one. */
  close(): Promise<void>;
}

/** Makes the agent ready to start the process. */
export function superviseProcess(options: {
  config: ProcessConfig;
  node: string;
  /** Id of this run of the agent. */
  boot: string;
  /** Public key of the agent. */
  key: string;
  /** Takes each transition of the process. */
  publish: (transition: Transition) => void;
  log: Logger;
}): Supervised {
  const { config, log } = options;
  const supervisor = new Supervisor(options);
  const graceMs = config.graceSeconds * 1000;
  let timer: NodeJS.Timeout | undefined;
  let endsAtMs = Number.POSITIVE_INFINITY;
  return {
    service: {
      name: 'external.Fluentd',
      definition: FluentdService,
      implementation: fluentdService(supervisor, log),
    },
    operable: processKind(`${options.node}.${options.boot}`, supervisor),
    daemon: {
      holds: (pid) => supervisor.holds(pid),
      async start() {
        const outcome = await supervisor.start(new AbortController().signal);
        if (outcome === 'failed') {
          throw new PosternError('DAEMON_NOT_STARTED', 'the supervised process did not stay up');
        }
      },
    },
    drain(drainMs) {
      endsAtMs = performance.now() + drainMs;
      const restMs = Math.min(graceMs, drainMs);
      clearTimeout(timer);
      timer = setTimeout(() => void supervisor.close(restMs), drainMs - restMs);
    },
    async close() {
      clearTimeout(timer);
      await supervisor.close(Math.max(0, endsAtMs - performance.now()));
    },
  };
}
