import type { CommandSpec } from '../command-spec.js';
import { dataOption, hubTlsOptions, logLevelOption, readyOutputOption } from '../common-options.js';

/** A controller by itself. */
export const controllerCommands: readonly CommandSpec[] = [
  {
    path: ['controller'],
    summary: 'conduct runs of scenarios, beside hubs that do or do not',
    description:
      "`postern up` conducts runs itself. Further controllers share the work, and take over the runs of one that is gone. It needs the keys of the hub's data directory. A hub without a controller leads to this one by a route: {name: runs, pathPrefix: /postern.v1.Runs, to: 'grpc://127.0.0.1:7092', roles: [operate], assertion: true}.",
    options: [
      {
        name: 'listen',
        kind: 'list',
        value: 'ADDRESS',
        shownDefault: '127.0.0.1:7092',
        summary: 'address for hubs, HOST:PORT or unix:/PATH; port 0 takes any; may be repeated',
      },
      {
        name: 'nats',
        kind: 'list',
        value: 'URL',
        summary:
          "the NATS server, nats://HOST:PORT (default: that of the data directory's hub); may be repeated",
      },
      {
        name: 'hub',
        kind: 'text',
        value: 'URL',
        summary: "the hub that nodes are called by (default: the data directory's)",
      },
      ...hubTlsOptions,
      {
        name: 'lease',
        kind: 'duration',
        default: '10s',
        summary: 'a controller that is silent for so long loses its runs to others; say the same to all',
      },
      dataOption,
      readyOutputOption,
      logLevelOption,
    ],
    examples: [
      { line: 'postern controller', does: 'a second controller, on the machine of `postern up`' },
      {
        line: 'postern controller --data /var/lib/postern --nats nats://127.0.0.1:4222 --hub https://hub.example.org',
        does: 'beside a hub that has none',
      },
    ],
    load: () => import('../commands/controller.js'),
  },
];
