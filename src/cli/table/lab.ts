import type { ArgumentSpec, CommandSpec, OptionSpec } from '../command-spec.js';
import { dataOption, listOutputOption, logLevelOption, readyOutputOption } from '../common-options.js';

const machineArgument: ArgumentSpec = { name: 'NODE', summary: 'name of the node, or hub, or wan' };

const labOption = {
  name: 'lab',
  kind: 'text',
  value: 'NAME',
  summary: 'which lab (default: the only one)',
} satisfies OptionSpec;

/** Which cut of a machine is meant. */
const cutOptions = [
  {
    name: 'scope',
    kind: 'choice',
    choices: ['hub', 'peers', 'all'],
    summary: "what it is cut from: the hub's machine, everything but that, or both (default: all)",
  },
  {
    name: 'from',
    kind: 'text',
    value: 'NODE',
    summary: 'only from this one machine, instead of a scope',
  },
  {
    name: 'direction',
    kind: 'choice',
    choices: ['both', 'out', 'in'],
    default: 'both',
    summary: 'what is dropped: what NODE sends (out), what is sent to it (in), or both',
  },
] satisfies OptionSpec[];

/** The commands about networks of namespaces. */
export const labCommands: readonly CommandSpec[] = [
  {
    path: ['lab', 'up'],
    summary: 'lay out a network of machines behind NATs, as a file says',
    description:
      'Linux only; without root where user namespaces are allowed. It stays until `postern lab down`, or until its process ends. The file is described in docs/lab.md.',
    arguments: [{ name: 'FILE', summary: 'YAML that names the nodes', completes: 'file' }],
    options: [
      { ...labOption, summary: 'name of the lab (default: that in FILE, else that of FILE)' },
      { name: 'foreground', kind: 'flag', summary: 'do not return; the lab ends with this command' },
      dataOption,
      readyOutputOption,
      logLevelOption,
    ],
    examples: [
      { line: 'postern lab up five.yaml', does: 'five machines that nobody can dial' },
      { line: 'postern lab up five.yaml --foreground', does: 'until Ctrl-C' },
    ],
    load: () => import('../commands/lab-up.js'),
  },
  {
    path: ['lab', 'exec'],
    summary: 'run a program on a machine of a lab',
    description:
      'Input, output, exit status and signals are those of the program. Options of the program stand behind `--`. On `internet` it sees what all machines send.',
    arguments: [
      { name: 'NODE', summary: 'name of the node, or hub, wan or internet' },
      { name: 'CMD', summary: 'the program and its arguments', several: true },
    ],
    options: [labOption, dataOption],
    examples: [
      {
        line: 'postern lab exec cellar -- postern agent --node cellar --to 127.0.0.1:50051 --hub https://hub',
        does: 'an agent behind a NAT',
      },
      { line: 'postern lab exec internet -- tcpdump -ni any', does: 'everything that passes' },
    ],
    load: () => import('../commands/lab-exec.js'),
  },
  {
    path: ['lab', 'cut'],
    summary: 'drop what a machine of a lab sends and gets',
    description:
      'Connections stall, as on a line that is down, and go on after it is healed. A later cut of the same scope and direction takes the place of an earlier one.',
    arguments: [machineArgument],
    options: [
      ...cutOptions,
      {
        name: 'duration',
        kind: 'duration',
        summary: 'until the kernel heals it by itself, at most 30 days (default: until it is healed)',
      },
      labOption,
      dataOption,
    ],
    examples: [
      {
        line: 'postern lab cut cellar --scope hub --duration 30s',
        does: 'its hub cannot see it, other nodes can',
      },
      {
        line: 'postern lab cut cellar --from attic --direction in',
        does: 'it hears nothing from one other node',
      },
    ],
    load: () => import('../commands/lab-cut.js'),
  },
  {
    path: ['lab', 'heal'],
    summary: 'end the cuts of a machine of a lab',
    description: 'All of them, unless it is said which.',
    arguments: [machineArgument],
    options: [...cutOptions, labOption, dataOption],
    examples: [{ line: 'postern lab heal cellar', does: 'whatever it was cut from' }],
    load: () => import('../commands/lab-heal.js'),
  },
  {
    path: ['lab', 'ls'],
    summary: 'list the machines of the labs, with addresses and cuts',
    options: [labOption, listOutputOption, dataOption],
    examples: [
      { line: 'postern lab ls', does: 'and how long each cut lasts yet' },
      { line: 'postern lab ls -o json', does: 'with the packets that each cut has dropped' },
    ],
    load: () => import('../commands/lab-ls.js'),
  },
  {
    path: ['lab', 'down'],
    summary: 'end a lab, with everything that runs in it',
    description: 'Programs in it are killed, as by a power cut.',
    options: [labOption, dataOption],
    examples: [{ line: 'postern lab down', does: 'nothing is left of it' }],
    load: () => import('../commands/lab-down.js'),
  },
];
