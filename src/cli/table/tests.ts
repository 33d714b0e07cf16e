import type { ArgumentSpec, CommandSpec, OptionSpec } from '../command-spec.js';
import { hubOptions, listOutputOption } from '../common-options.js';

const nodeArgument: ArgumentSpec = {
  name: 'NODE',
  summary: 'name of a node whose agent has a daemon (`postern agent --daemon`)',
  completes: 'node',
};
const testArgument: ArgumentSpec = { name: 'TEST', summary: 'name of the test in its run' };
const runOption = {
  name: 'run',
  kind: 'text',
  value: 'NAME',
  default: 'manual',
  summary: 'name of the run that the test belongs to',
} satisfies OptionSpec;

/** The commands that drive tests on one node by hand. */
export const testCommands: readonly CommandSpec[] = [
  {
    path: ['test', 'group'],
    summary: 'make a group with the daemons of some nodes in it',
    description: 'Ends when each of them can read what the others write, and prints the name of the group.',
    arguments: [{ ...nodeArgument, several: true }],
    options: [
      { name: 'name', kind: 'text', value: 'TEXT', default: 'test', summary: 'its name for people' },
      ...hubOptions,
    ],
    examples: [{ line: 'GROUP=$(postern test group north south)', does: 'a group of two' }],
    load: () => import('../commands/tests/group.js'),
  },
  {
    path: ['test', 'new'],
    summary: 'say what a node shall send in a test',
    arguments: [nodeArgument, testArgument],
    options: [
      runOption,
      {
        name: 'workload',
        kind: 'choice',
        choices: ['text', 'media', 'call'],
        default: 'text',
        summary: 'messages in a group, images in a group, or calls of a method',
      },
      {
        name: 'group',
        kind: 'text',
        value: 'GROUP',
        summary: 'of text: the group, as `test group` prints it',
      },
      { name: 'size', kind: 'text', value: 'SIZE', default: '1KB', summary: 'size of a message' },
      { name: 'interval', kind: 'duration', default: '1s', summary: 'from one message to the next' },
      { name: 'amount', kind: 'text', value: 'N', default: '10', summary: 'so many messages' },
      {
        name: 'rpc',
        kind: 'text',
        value: 'METHOD',
        summary: 'of call: package.Service/Method of the server there',
      },
      {
        name: 'request',
        kind: 'text',
        value: 'JSON',
        summary: 'of call: the request, @FILE reads a file; {{body}} in its strings is the message',
      },
      {
        name: 'settle',
        kind: 'duration',
        default: '10s',
        summary: 'how long what others sent is waited for after the last message',
      },
      listOutputOption,
      ...hubOptions,
    ],
    examples: [
      {
        line: 'postern test new north ping --group "$GROUP" --interval 500ms --amount 100',
        does: 'a hundred messages',
      },
      {
        line: `postern test new north load --workload call --rpc garden.Beds/Water --request '{"bed":"{{body}}"}' --interval 10ms --amount 6000`,
        does: 'a hundred calls per second for a minute, whether they are answered or not',
      },
    ],
    load: () => import('../commands/tests/new.js'),
  },
  {
    path: ['test', 'arm'],
    summary: 'say when a test starts',
    description:
      'The clock of the node is measured, and the node starts by its own: it does so at that time whether or not it is connected then.',
    arguments: [nodeArgument, testArgument],
    options: [
      runOption,
      { name: 'in', kind: 'duration', default: '5s', summary: 'so long from now' },
      listOutputOption,
      ...hubOptions,
    ],
    examples: [{ line: 'postern test arm north ping --in 10s', does: 'it starts in ten seconds' }],
    load: () => import('../commands/tests/arm.js'),
  },
  {
    path: ['test', 'start'],
    summary: 'start a test now',
    arguments: [nodeArgument, testArgument],
    options: [runOption, listOutputOption, ...hubOptions],
    examples: [{ line: 'postern test start north ping', does: 'now' }],
    load: () => import('../commands/tests/start.js'),
  },
  {
    path: ['test', 'stop'],
    summary: 'end a test before its time',
    description: 'Nothing more is sent; what others sent is waited for, as at any end.',
    arguments: [nodeArgument, testArgument],
    options: [
      runOption,
      { name: 'reason', kind: 'text', value: 'TEXT', summary: 'why, for whoever reads the results' },
      listOutputOption,
      ...hubOptions,
    ],
    examples: [{ line: "postern test stop north ping --reason 'wrong group'", does: 'enough' }],
    load: () => import('../commands/tests/stop.js'),
  },
  {
    path: ['test', 'show'],
    summary: 'show the tests of a node, and how far they are',
    arguments: [nodeArgument, { ...testArgument, optional: true }],
    options: [
      { name: 'run', kind: 'text', value: 'NAME', summary: 'only those of this run (default: all)' },
      listOutputOption,
      ...hubOptions,
    ],
    examples: [
      { line: 'postern test show north', does: 'all that the agent keeps' },
      { line: 'postern test show north ping -o json', does: 'one, with all that is known' },
    ],
    load: () => import('../commands/tests/show.js'),
  },
];
