import type { CommandSpec, OptionSpec } from '../command-spec.js';
import { frontOptions, natsListenOption } from './serving.js';

/** What stands for an option of the same name in the environment of programs of before. */
const olderNames: ReadonlyMap<string, readonly string[]> = new Map([
  ['tls', ['TLS']],
  ['tls-cert-file', ['TLS_CERT_FILE']],
  ['tls-key-file', ['TLS_KEY_FILE']],
  ['tls-ca-cert-file', ['TLS_CA_CERT_FILE']],
]);

const options: readonly OptionSpec[] = [
  {
    name: 'http-listen',
    kind: 'text',
    value: 'ADDRESS',
    default: ':8080',
    env: ['HTTP_LISTEN_ADDR'],
    summary: 'address for nodes and web clients, HOST:PORT, :PORT or unix:/PATH; port 0 takes any',
  },
  {
    name: 'grpc-listen',
    kind: 'text',
    value: 'ADDRESS',
    default: ':9090',
    env: ['GRPC_LISTEN_ADDR'],
    summary: 'address for callers; like the other it speaks all protocols',
  },
  ...frontOptions
    .filter(({ name }) => name !== 'listen')
    .map((option): OptionSpec => {
      const env = olderNames.get(option.name);
      return env === undefined ? option : { ...option, env };
    }),
  natsListenOption,
];

/** The hub as programs and scripts of before start it. */
export const hubServeCommand: CommandSpec = {
  path: ['hub', 'serve'],
  summary: 'start a hub with a bus of its own, with the flags and variables of the original hub',
  description:
    'What `postern up` starts, but it listens on all interfaces, on one address for HTTP and one for gRPC. The flags and the environment are those of the original program.',
  options,
  examples: [
    {
      line: 'postern hub serve --tls --tls-cert-file hub.crt --tls-key-file hub.key',
      does: 'serve nodes at :8080 and callers at :9090, over TLS',
    },
  ],
  hearsHangUps: true,
  load: () => import('../commands/hub-serve.js'),
};
