import { answerForms, callOptions } from '../calling/options.js';
import type { CommandSpec, OptionSpec } from '../command-spec.js';
import { hubOptions, schemaOptions } from '../common-options.js';

/** What programs of before called the options: long names, a letter, environment variables. */
const olderNames: Readonly<Record<string, { short?: string; alias?: string; env: string }>> = {
  hub: { short: 's', alias: 'server-addr', env: 'SERVER_ADDR' },
  'connect-timeout': { alias: 'timeout', env: 'TIMEOUT' },
  token: { alias: 'auth-token', env: 'AUTH_TOKEN' },
  'token-type': { alias: 'auth-token-type', env: 'AUTH_TOKEN_TYPE' },
  'hub-tls': { alias: 'tls', env: 'TLS' },
  'hub-server-name': { alias: 'tls-server-name', env: 'TLS_SERVER_NAME' },
  'hub-insecure': { alias: 'tls-insecure-skip-verify', env: 'TLS_INSECURE_SKIP_VERIFY' },
  'hub-ca': { alias: 'tls-ca-cert-file', env: 'TLS_CA_CERT_FILE' },
  'hub-cert': { alias: 'tls-cert-file', env: 'TLS_CERT_FILE' },
  'hub-key': { alias: 'tls-key-file', env: 'TLS_KEY_FILE' },
  'request-file': { env: 'REQUEST_FILE' },
  template: { alias: 'print-sample-request', env: 'PRINT_SAMPLE_REQUEST' },
  output: { alias: 'response-format', env: 'RESPONSE_FORMAT' },
};

const tlsOptions: readonly OptionSpec[] = [
  { name: 'hub-tls', kind: 'flag', summary: 'speak TLS with the hub, as its https address would say too' },
  {
    name: 'hub-server-name',
    kind: 'text',
    value: 'NAME',
    summary: "name in the hub's certificate, where it differs from the host",
  },
  {
    name: 'hub-cert',
    kind: 'text',
    value: 'FILE',
    summary: 'own certificate for a hub that demands one, PEM',
    completes: 'file',
  },
  { name: 'hub-key', kind: 'text', value: 'FILE', summary: 'key of that certificate', completes: 'file' },
  {
    name: 'token-type',
    kind: 'text',
    value: 'TYPE',
    default: 'Bearer',
    summary: "type of the token; of another type it is no business of the hub's, and goes to the node",
  },
];

const options: readonly OptionSpec[] = [
  ...callOptions,
  {
    name: 'output',
    short: 'o',
    kind: 'choice',
    choices: answerForms,
    summary: 'form of the answers (default: that of the codec); json is one line for each, as jsonl',
  } satisfies OptionSpec,
  ...schemaOptions,
  ...hubOptions,
  ...tlsOptions,
].map((option): OptionSpec => {
  const older = olderNames[option.name];
  if (older === undefined) return option;
  const { short, alias, env } = older;
  return {
    ...option,
    env: [env],
    ...(short === undefined ? {} : { short }),
    ...(alias === undefined ? {} : { aliases: [alias] }),
  };
});

/** The commands that are made of a service's methods. */
export const serviceCommand: CommandSpec = {
  path: [],
  summary: 'call a method of any service, by their names in kebab-case',
  description:
    "The words are those of the service's own description: reflection of the hub or the node, or --proto or --protoset. SERVICE alone lists the methods; --help behind a method shows what it takes and gives. The request is read from standard input, unless -d or -f says otherwise; nothing, or a terminal, is an empty request. Commands of postern win over services: one with the name of a command is called by its full name (internal.Activity) or with a dot before it (.activity). The exit status is 64 plus the gRPC code when the call fails.",
  arguments: [
    {
      name: 'SERVICE',
      summary: 'fluentd, or in full: external.Fluentd; where the short name is not the only one, in full',
      completes: 'service',
    },
    { name: 'METHOD', summary: 'start, or as it is declared: Start', optional: true, completes: 'method' },
    {
      name: 'NODE',
      summary:
        "name of the node; without it a service of the hub is the hub's, any other one that of the only node there is",
      optional: true,
      completes: 'node',
    },
  ],
  options,
  examples: [
    { line: "echo '{}' | postern hub list-clients", does: 'a service of the hub' },
    {
      line: "echo '{}' | postern fluentd start testserver",
      does: 'external.Fluentd/Start of the node testserver',
    },
    { line: 'postern kv range etcd -f request.yaml -o yaml', does: 'a request from a file, answers as YAML' },
    { line: 'postern kv range etcd -p --codec xml', does: 'what a request looks like, in XML' },
    { line: 'postern kv', does: 'the methods of a service, and who has it' },
  ],
  load: () => import('./run.js'),
};

/** The same, or the help of the method that is named. */
export function serviceCommandFor({ help }: { readonly help: boolean }): CommandSpec {
  return help ? { ...serviceCommand, load: () => import('./help.js') } : serviceCommand;
}
