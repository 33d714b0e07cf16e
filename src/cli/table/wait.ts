import type { CommandSpec } from '../command-spec.js';
import { hubOptions } from '../common-options.js';

/** Waits for nodes. */
export const waitCommand: CommandSpec = {
  path: ['wait'],
  summary: 'wait until nodes are there, or gone',
  description:
    'Ends when all the nodes fulfil all the conditions at the same time, with exit status 0, or with 1 when the time is over, and says what was seen last. A node that the hub does not know yet is waited for, and so is a hub that does not answer.',
  arguments: [{ name: 'NODE', summary: 'names of the nodes', several: true, completes: 'node' }],
  options: [
    {
      name: 'for',
      kind: 'list',
      value: 'CONDITION',
      shownDefault: 'state=connected',
      summary:
        'state=STATE, one of docs/machines.md, where connected is every state in which calls get through; or instances=N: so many are ready, or more; may be repeated',
    },
    {
      name: 'timeout',
      kind: 'duration',
      default: '30s',
      summary: 'how long to wait at most; 0 looks once',
    },
    {
      name: 'output',
      short: 'o',
      kind: 'choice',
      choices: ['text', 'json'],
      default: 'text',
      summary: 'form of what was seen last',
    },
    ...hubOptions,
  ],
  examples: [
    { line: 'postern wait etcd', does: 'until calls get through' },
    { line: 'postern wait etcd --for state=lost --timeout 5m', does: 'until it is gone' },
    {
      line: 'postern wait etcd greenhouse --for instances=3 -o json',
      does: 'until three instances of each are ready',
    },
  ],
  load: () => import('../commands/wait.js'),
};
