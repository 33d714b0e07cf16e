import type { OptionSpec } from '../command-spec.js';

/** TLS towards the servers of an agent. */
export const upstreamTlsOptions: readonly OptionSpec[] = [
  {
    name: 'to-ca',
    kind: 'text',
    value: 'FILE',
    summary: 'authorities to trust for tls://',
    completes: 'file',
  },
  {
    name: 'to-cert',
    kind: 'text',
    value: 'FILE',
    summary: 'own certificate for tls://',
    completes: 'file',
  },
  { name: 'to-key', kind: 'text', value: 'FILE', summary: 'key of that certificate', completes: 'file' },
  {
    name: 'to-server-name',
    kind: 'text',
    value: 'NAME',
    summary: "name in the server's certificate, where it differs from the host",
  },
  { name: 'to-insecure', kind: 'flag', summary: 'take any certificate for tls://' },
];
