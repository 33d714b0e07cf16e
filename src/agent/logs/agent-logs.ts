import { join } from 'node:path';
import type { Bus } from '../../bus/bus.js';
import { LogsServiceService } from '../../gen/postern/v1/logs.js';
import type { Logger } from '../../log.js';
import type { OwnService } from '../own-services.js';
import { forbiddenIn } from './forbidden.js';
import { LogFiles } from './log-files.js';
import { logsService } from './logs-service.js';
import { ownLabel, readRoots } from './roots.js';
import { LogUploads } from './uploads.js';

/** The logs of a node, as a part of its agent. */
export interface AgentLogs {
  readonly service: OwnService;
  readonly uploads: LogUploads;
  /** The link came, with this connection, or went. */
  hub(bus: Bus | undefined): void;
}

/** Throws `LOGS_INVALID`. */
export function agentLogs(options: {
  /** Places of logs, as `--logs` names them. */
  readonly logs: readonly string[];
  readonly data: string;
  readonly node: string;
  /** Public key of the agent. */
  readonly key: string;
  /** Files that nobody may read, wherever they lie. */
  readonly secrets: readonly (string | undefined)[];
  /** What the tests of the node did; absent: it has none. */
  readonly results: (() => Promise<unknown>) | undefined;
  readonly log: Logger;
}): AgentLogs {
  const { logs, data, node, key, secrets, results, log } = options;
  const directory = join(data, 'agent', node);
  const own = { label: ownLabel, path: join(directory, 'faults', 'daemon.log'), own: true };
  const forbidden = forbiddenIn(data, [directory, join(directory, 'key.nk'), ...secrets]);
  const files = new LogFiles([...readRoots(logs), own], forbidden);
  const uploads = new LogUploads({ node, key, files, results, log });
  return {
    service: {
      name: 'postern.v1.LogsService',
      definition: LogsServiceService,
      implementation: logsService({ files, uploads, log }),
    },
    uploads,
    hub: (bus) => uploads.use(bus),
  };
}
