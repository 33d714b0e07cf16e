import type { CommandSpec, OptionSpec } from '../command-spec.js';
import {
  configOption,
  connectTimeoutOption,
  dataOption,
  drainOption,
  joinTokenOptions,
  logLevelOption,
  readyOutputOption,
} from '../common-options.js';

const serveOptions = [
  {
    name: 'to',
    kind: 'list',
    value: 'ADDRESS',
    shownDefault: '127.0.0.1:50051',
    summary: 'the gRPC server, HOST:PORT or unix:PATH',
  },
  {
    name: 'hub-uri',
    kind: 'list',
    value: 'URL',
    env: ['HUB_ADDR'],
    summary:
      "the hub's WebSocket, wss://HOST/ws; may be repeated: several hubs are tried in order (default: the hub of the data directory, else ws://localhost:8080/ws)",
  },
  {
    name: 'hub-ca',
    kind: 'text',
    value: 'FILE',
    summary: "authorities to trust for wss://, PEM (default: the system's)",
    completes: 'file',
  },
  {
    name: 'tls-insecure-skip-verify',
    kind: 'flag',
    env: ['TLS_INSECURE_SKIP_VERIFY'],
    summary: 'take any certificate of the hub',
  },
  ...joinTokenOptions,
  { name: 'share', kind: 'flag', summary: 'let others serve the same node at the same time' },
  dataOption,
  configOption,
  connectTimeoutOption,
  drainOption,
  readyOutputOption,
  logLevelOption,
] satisfies OptionSpec[];

const serveCommand: CommandSpec = {
  path: ['serve'],
  summary: 'serve a node through a tunnel: one WebSocket to the hub, and nothing of the bus',
  description:
    'Opens a WebSocket to the hub and gives the connections that the hub makes through it to a gRPC server near by, byte by byte; a lost tunnel is opened again. A join token is needed once, to bind the key of this data directory to the name of the node; beside a running hub it makes itself one.',
  arguments: [{ name: 'NODE', summary: 'name of the node, one lower-case DNS label' }],
  options: serveOptions,
  examples: [
    { line: 'postern serve cellar --to 127.0.0.1:50051', does: 'on the machine of the hub' },
    {
      line: 'POSTERN_TOKEN=pj_… postern serve cellar --to unix:/run/cellar.sock --hub-uri wss://hub.example.org/ws',
      does: 'elsewhere, with a join token',
    },
  ],
  load: () => import('../commands/serve.js'),
};

/** The commands that join a hub through a tunnel. */
export const tunnelCommands: readonly CommandSpec[] = [
  serveCommand,
  // As programs and scripts of before write it.
  { ...serveCommand, path: ['server', 'serve'], hidden: true },
];
