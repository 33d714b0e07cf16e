import type { OptionSpec } from '../command-spec.js';

/** Options of who is told by HTTP what becomes of nodes. */
export const webhookOptions = [
  {
    name: 'webhook',
    kind: 'list',
    value: 'URL',
    separator: ';',
    summary:
      'tell this URL when a node is connected or disconnected, see docs/webhooks.md; may be repeated; a --config file can also say which events, nodes and headers',
  },
  {
    name: 'webhook-secret',
    kind: 'text',
    value: 'SECRET',
    summary:
      'whsec_… that signs what webhooks without a secret of their own are sent; better in the environment or a file',
  },
  {
    name: 'webhook-secret-file',
    kind: 'text',
    value: 'FILE',
    summary: 'file with that secret; read anew at SIGHUP',
    completes: 'file',
  },
] satisfies OptionSpec[];
