import type { CommandSpec } from '../command-spec.js';
import { hubOptions, listOutputOption } from '../common-options.js';

/** The command that counts calls. */
export const callsCommand: CommandSpec = {
  path: ['calls'],
  summary: 'show how many calls there are, how long they take and how they end',
  description:
    'By node and method, of all hubs together: calls that ended within the last minute. Quantiles are exact to 19 %. Needs a token with the role operate or trace.',
  arguments: [
    { name: 'NODE', summary: 'name of the node; all when left out', optional: true, completes: 'node' },
  ],
  options: [
    {
      name: 'watch',
      short: 'w',
      kind: 'flag',
      summary:
        'go on: a table that is drawn anew each second; with -o jsonl the calls of each second by themselves',
    },
    listOutputOption,
    ...hubOptions,
  ],
  examples: [
    { line: 'postern calls -w', does: 'what is called now' },
    { line: 'postern calls etcd -o json', does: 'the last minute of one node' },
  ],
  load: () => import('../commands/calls.js'),
};
