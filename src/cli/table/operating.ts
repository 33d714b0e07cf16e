import type { ArgumentSpec, CommandSpec, OptionSpec } from '../command-spec.js';
import { hubOptions } from '../common-options.js';

const nodeArgument: ArgumentSpec = { name: 'NODE', summary: 'name of the node', completes: 'node' };

const doingOptions: readonly OptionSpec[] = [
  { name: 'reason', kind: 'text', value: 'TEXT', summary: 'why, for those who read the activity' },
  { name: 'yes', short: 'y', kind: 'flag', summary: 'do not ask whether it shall be done' },
  {
    name: 'wait',
    kind: 'flag',
    summary: 'wait until something becomes of it: the next transition of the actor',
  },
  { name: 'timeout', kind: 'duration', default: '30s', summary: 'how long to wait, with --wait' },
  {
    name: 'output',
    short: 'o',
    kind: 'choice',
    choices: ['text', 'json'],
    default: 'text',
    summary: 'form of the answer',
  },
  ...hubOptions,
];

/** The commands that do to actors what their machines mark as for operators. */
export const operatingCommands: readonly CommandSpec[] = [
  {
    path: ['operate'],
    summary: 'do something to a node, link, daemon, process, test, fault, reliability or run',
    description:
      'What can be done follows from the state machine of the actor and its present state; without an EVENT it is listed. Whatever is done, and whatever was refused, is told as activity, with the name of who did it.',
    arguments: [
      {
        name: 'ACTOR',
        summary: 'MACHINE/ID, as `postern inspect` shows it; a word alone is the name of a node',
        completes: 'actor',
      },
      {
        name: 'EVENT',
        summary: 'what to do: its title, such as drain, or the type of the event',
        optional: true,
        completes: 'operation',
      },
    ],
    options: doingOptions,
    examples: [
      { line: 'postern operate etcd', does: 'what can be done to the node now, and what it will do' },
      { line: 'postern operate etcd kick --reason "it hangs"', does: 'asks, and ends its sessions' },
      { line: "postern operate link/etcd.3Kx9fQ 'retry now' --yes --wait", does: 'for scripts' },
      { line: 'postern operate run/parted-7 stop -y', does: 'ends a run before its time' },
    ],
    load: () => import('../commands/operate.js'),
  },
  {
    path: ['nodes', 'drain'],
    summary: 'let a node finish its calls and take no new ones, until it is resumed',
    description:
      'At all hubs, whoever serves the node, instances that come later too. Calls that are open finish; new ones get UNAVAILABLE. The agents stay connected.',
    arguments: [nodeArgument],
    options: doingOptions,
    examples: [
      { line: 'postern nodes drain greenhouse --reason "new disk"', does: 'before its machine is worked on' },
    ],
    load: () => import('../commands/nodes-drain.js'),
  },
  {
    path: ['nodes', 'resume'],
    summary: 'let a node take calls again',
    arguments: [nodeArgument],
    options: doingOptions,
    examples: [{ line: 'postern nodes resume greenhouse', does: 'when the work is done' }],
    load: () => import('../commands/nodes-resume.js'),
  },
  {
    path: ['complete-actors'],
    summary: 'actors to which something can be done, for completion',
    hidden: true,
    options: hubOptions,
    examples: [],
    load: () => import('../commands/complete-actors.js'),
  },
  {
    path: ['complete-operations'],
    summary: 'what can be done to an actor, for completion',
    hidden: true,
    arguments: [{ name: 'ACTOR', summary: 'the actor' }],
    options: hubOptions,
    examples: [],
    load: () => import('../commands/complete-operations.js'),
  },
];
