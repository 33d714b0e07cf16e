import { faultKinds } from '../../fault-kinds.js';
import type { ArgumentSpec, CommandSpec, OptionSpec } from '../command-spec.js';
import { hubOptions, listOutputOption } from '../common-options.js';
import { shapeOptions } from './fault-shape-options.js';

const nodeArgument: ArgumentSpec = {
  name: 'NODE',
  summary: 'name of a node whose agent has a daemon (`postern agent --daemon`)',
  completes: 'node',
};
const faultArgument: ArgumentSpec = { name: 'FAULT', summary: 'name of the fault in its run' };
const runOption = {
  name: 'run',
  kind: 'text',
  value: 'NAME',
  default: 'manual',
  summary: 'name of the run that the fault belongs to',
} satisfies OptionSpec;

/** The commands that disturb one node by hand. */
export const faultCommands: readonly CommandSpec[] = [
  {
    path: ['fault', 'arm'],
    summary: 'say when a node is disturbed, how, and for how long',
    description:
      'The clock of the node is measured, and the fault comes by it, whether or not the node is connected then. It always ends by itself. Exit status 1: the node cannot do it.',
    arguments: [nodeArgument, faultArgument],
    options: [
      {
        name: 'kind',
        kind: 'choice',
        choices: faultKinds,
        summary:
          'what it does: `postern fault kinds NODE` shows what the node can do, docs/faults.md what each is',
      },
      { name: 'in', kind: 'duration', default: '5s', summary: 'so long from now' },
      { name: 'duration', kind: 'duration', summary: 'for so long (default: 10s; of a restart none)' },
      ...shapeOptions,
      runOption,
      listOutputOption,
      ...hubOptions,
    ],
    examples: [
      {
        line: 'postern fault arm north cut --kind link --in 10s --duration 30s',
        does: 'no hub for half a minute',
      },
      {
        line: 'postern fault arm north crash --kind kill --duration 1m',
        does: 'its daemon is gone for a minute, and started again as it was',
      },
      {
        line: 'postern fault arm north split --kind partition --from south,west=192.0.2.7 --direction in',
        does: 'for ten seconds it hears nothing of two others',
      },
      {
        line: 'postern fault arm north lossy --kind loss --portion 10% --scope hub --duration 1m',
        does: 'a tenth of what goes between the agent and its hub is lost',
      },
      {
        line: 'postern fault arm north slow --kind delay --delay 100ms --jitter 20ms --way userspace',
        does: "all between daemons comes later, by the agent's relays and not by the kernel",
      },
    ],
    load: () => import('../commands/faults/arm.js'),
  },
  {
    path: ['fault', 'heal'],
    summary: 'end faults now, or take them back before their time',
    description: 'Without FAULT all of the node. Exit status 1: something could not be undone yet.',
    arguments: [nodeArgument, { ...faultArgument, optional: true }],
    options: [
      {
        name: 'run',
        kind: 'text',
        value: 'NAME',
        summary: 'of this run (default: with FAULT manual, else all)',
      },
      listOutputOption,
      ...hubOptions,
    ],
    examples: [
      { line: 'postern fault heal north cut', does: 'one' },
      { line: 'postern fault heal north', does: 'all that act or are armed there' },
    ],
    load: () => import('../commands/faults/heal.js'),
  },
  {
    path: ['fault', 'ls'],
    summary: 'list the faults of a node: what was planned, and what really was',
    arguments: [nodeArgument],
    options: [
      { name: 'run', kind: 'text', value: 'NAME', summary: 'only those of this run (default: all)' },
      listOutputOption,
      ...hubOptions,
    ],
    examples: [{ line: 'postern fault ls north -o json', does: 'all, with times to the millisecond' }],
    load: () => import('../commands/faults/ls.js'),
  },
  {
    path: ['fault', 'kinds'],
    summary: 'show which faults a node can do, and by what',
    arguments: [nodeArgument],
    options: [listOutputOption, ...hubOptions],
    description:
      'Each kind with each scope: what would do it now, else why it cannot be done and what to do. Where the node holds relays between daemons, and the addresses at which others find it, follow.',
    examples: [
      { line: 'postern fault kinds north', does: 'what it has programs and rights for' },
      { line: 'postern fault kinds north -o json', does: 'with its relays, its addresses and its limits' },
    ],
    load: () => import('../commands/faults/kinds.js'),
  },
];
