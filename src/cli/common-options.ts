import type { OptionSpec } from './command-spec.js';

/** Options that several commands have; each is the same thing everywhere. */

export const dataOption = {
  name: 'data',
  kind: 'text',
  value: 'DIR',
  summary:
    'data directory with keys, tokens and state (default: $XDG_STATE_HOME/postern or ~/.local/state/postern)',
  completes: 'directory',
} satisfies OptionSpec;

export const logLevelOption: OptionSpec = {
  name: 'log-level',
  kind: 'choice',
  choices: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
  default: 'info',
  summary: 'how much is logged on stderr; debug also shows stacks of errors',
};

export const configOption = {
  name: 'config',
  kind: 'text',
  value: 'FILE',
  summary: 'YAML file with the same settings; flags and environment win over it',
  completes: 'file',
} satisfies OptionSpec;

export const readyOutputOption = {
  name: 'output',
  short: 'o',
  kind: 'choice',
  choices: ['text', 'json'],
  default: 'text',
  summary: 'form of the one line that is printed when it is ready',
} satisfies OptionSpec;

export const drainOption = {
  name: 'drain',
  kind: 'duration',
  summary: 'how long open calls may take to finish when it is told to stop (default: 30s)',
} satisfies OptionSpec;

export const connectTimeoutOption = {
  name: 'connect-timeout',
  kind: 'duration',
  default: '10s',
  summary: 'how long connecting may take',
} satisfies OptionSpec;

/** How a node that is new to the hub proves that it may join. */
export const joinTokenOptions = [
  {
    name: 'token',
    kind: 'text',
    value: 'TOKEN',
    summary: 'join token, needed once; better in the environment or a file',
  },
  {
    name: 'token-file',
    kind: 'text',
    value: 'FILE',
    summary: 'file with the join token',
    completes: 'file',
  },
] satisfies OptionSpec[];

/** Whom to trust to be the hub, where it speaks TLS. */
export const hubTlsOptions: readonly OptionSpec[] = [
  {
    name: 'hub-ca',
    kind: 'text',
    value: 'FILE',
    summary: "authorities to trust where the hub is https, PEM (default: the system's)",
    completes: 'file',
  },
  { name: 'hub-insecure', kind: 'flag', summary: 'take any certificate of the hub' },
];

/** A hub by the name that `postern context add` gave it. */
export const contextOption = {
  name: 'context',
  kind: 'text',
  value: 'NAME',
  summary: 'the hub of this context, with its token (default: the one that `postern context use` chose)',
  completes: 'context',
} satisfies OptionSpec;

/** How a client finds the hub and proves who it is. */
export const hubOptions: readonly OptionSpec[] = [
  contextOption,
  {
    name: 'hub',
    kind: 'text',
    value: 'URL',
    summary:
      'the hub, HOST:PORT, http://HOST:PORT or https://HOST[:PORT] (default: that of the context, else of the data directory, else 127.0.0.1:9090)',
  },
  {
    name: 'token',
    kind: 'text',
    value: 'TOKEN',
    summary:
      "caller's token (default: that of the context, else of the data directory); better in the environment or a file",
  },
  {
    name: 'token-file',
    kind: 'text',
    value: 'FILE',
    summary: "file with the caller's token",
    completes: 'file',
  },
  ...hubTlsOptions,
  dataOption,
  connectTimeoutOption,
  logLevelOption,
];

/** The host name by which the hub's routes lead to a service. */
export const hostOption = {
  name: 'host',
  kind: 'text',
  value: 'NAME',
  summary: "host name of the service in the hub's route table (default: that of the hub's address)",
} satisfies OptionSpec;

/** Where types come from, when not from reflection. */
export const schemaOptions = [
  {
    name: 'proto',
    kind: 'list',
    value: 'FILE',
    summary: 'take types from this .proto file instead of reflection; may be repeated',
    completes: 'file',
  },
  {
    name: 'import-path',
    kind: 'list',
    value: 'DIR',
    summary: 'directory that imports of --proto start from; may be repeated',
    completes: 'directory',
  },
  {
    name: 'protoset',
    kind: 'list',
    value: 'FILE',
    summary: 'take types from this serialised FileDescriptorSet; may be repeated',
    completes: 'file',
  },
] satisfies OptionSpec[];

export const headerOption = {
  name: 'header',
  short: 'H',
  kind: 'list',
  value: "'NAME: VALUE'",
  separator: '\n',
  summary: 'metadata of the call; @FILE reads one per line; may be repeated',
} satisfies OptionSpec;

/** In which form a list is printed. */
export const listOutputOption = {
  name: 'output',
  short: 'o',
  kind: 'choice',
  choices: ['table', 'json', 'jsonl', 'yaml', 'xml', 'name'],
  default: 'table',
  summary: 'form of the list',
} satisfies OptionSpec;
