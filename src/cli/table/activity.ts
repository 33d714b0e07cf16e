import type { CommandSpec } from '../command-spec.js';
import { hubOptions, listOutputOption } from '../common-options.js';

/** The command that shows what happens at hubs. */
export const activityCommand: CommandSpec = {
  path: ['activity'],
  summary: 'show the calls to nodes, and who came and went',
  description:
    'What is kept, oldest first, and with --follow what happens. What is missing is told too, as a gap. Needs a token with the role operate or trace.',
  arguments: [
    { name: 'NODE', summary: 'name of the node; all when left out', optional: true, completes: 'node' },
  ],
  options: [
    {
      name: 'since',
      kind: 'duration',
      summary:
        'so far back (without it: an hour; with --follow nothing; with --call or --trace all that is kept)',
    },
    { name: 'after', kind: 'text', value: 'CURSOR', summary: 'behind the event that had this cursor' },
    { name: 'follow', short: 'f', kind: 'flag', summary: 'go on with each event as it happens' },
    {
      name: 'type',
      kind: 'list',
      value: 'TYPE,…',
      shownDefault: 'all',
      summary:
        'only these: registered, unregistered, proxied, opened, refused, forward-opened, forward-ended, gap',
    },
    {
      name: 'method',
      kind: 'list',
      value: 'METHOD,…',
      shownDefault: 'all',
      summary: 'only these: pkg.Service/Method, or pkg.Service for all of its methods',
    },
    { name: 'call', kind: 'text', value: 'ID', summary: 'only what is about this call' },
    { name: 'trace', kind: 'text', value: 'ID', summary: 'only calls of this trace (traceparent)' },
    listOutputOption,
    ...hubOptions,
  ],
  examples: [
    { line: 'postern activity etcd --since 10m', does: 'its calls in the last ten minutes' },
    { line: 'postern activity -f --type registered,unregistered', does: 'who comes and goes, from now on' },
    {
      line: 'postern activity --since 10m --follow -o jsonl',
      does: 'for programs, which keep the last cursor',
    },
    { line: 'postern activity --call 5e1f09d3a7b2c846-311', does: 'the story of one call' },
  ],
  load: () => import('../commands/activity.js'),
};
