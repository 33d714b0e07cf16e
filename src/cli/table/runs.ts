import type { ArgumentSpec, CommandSpec, OptionSpec } from '../command-spec.js';
import { hubOptions, listOutputOption } from '../common-options.js';

/** The run that most of them take. */
export const runArgument: ArgumentSpec = {
  name: 'RUN',
  summary: 'name of the run (default: the newest)',
  optional: true,
  completes: 'run',
};

const watchOutputOption = {
  name: 'output',
  short: 'o',
  kind: 'choice',
  choices: ['text', 'jsonl'],
  default: 'text',
  summary: 'progress and report for people, or all that the hub tells as JSON, a line each',
} satisfies OptionSpec;

const reportOptions = [
  {
    name: 'report',
    kind: 'text',
    value: 'DIR',
    summary:
      'write the report there: report.json, junit.xml and index.html, one page that needs nothing else',
    completes: 'directory',
  },
  {
    name: 'junit',
    kind: 'text',
    value: 'FILE',
    summary: 'write the report as JUnit XML, for a CI server',
    completes: 'file',
  },
] satisfies OptionSpec[];

const ruleOptions = [
  {
    name: 'rules',
    kind: 'text',
    value: 'FILE',
    summary: 'YAML or JSON with allow, late_after and convergence, as in a scenario',
    completes: 'file',
  },
  { name: 'lost', kind: 'text', value: 'N', summary: 'so many messages may be lost, or any' },
  {
    name: 'duplicated',
    kind: 'text',
    value: 'N',
    summary: 'so many messages may come more than once, or any',
  },
  {
    name: 'reordered',
    kind: 'text',
    value: 'N',
    summary: 'so many messages may come behind later ones, or any',
  },
  {
    name: 'late',
    kind: 'text',
    value: 'SHARE',
    summary: 'part of the messages that may be late, 1%, or any',
  },
  { name: 'late-after', kind: 'text', value: 'DURATION', summary: 'a message that takes longer is late' },
  {
    name: 'convergence',
    kind: 'text',
    value: 'DURATION',
    summary: 'all has arrived so long after the end of a fault',
  },
] satisfies OptionSpec[];

const exits =
  'The exit status is 0 for PASS, 3 for FAIL, 4 for UNKNOWN, and for a run that was ended before its time.';

/** The commands about runs of scenarios. */
export const runCommands: readonly CommandSpec[] = [
  {
    path: ['run'],
    summary: 'run a scenario on many nodes, with its faults, and tell what it has shown',
    description: `The scenario is checked first: nothing is begun with one that has a mistake (exit status 2). Then it is run by the hub's controller, and shown until it has ended; a hub that is lost is dialed again. ${exits} Ctrl-C ends the run, and what there is is judged; a second one leaves at once, with 130.`,
    arguments: [
      {
        name: 'SCENARIO',
        summary: 'YAML of a scenario; not with --replay, but for a report',
        optional: true,
        completes: 'file',
      },
    ],
    options: [
      {
        name: 'seed',
        kind: 'text',
        value: 'TEXT',
        summary: 'what chance is drawn from (default: that of the file, else drawn)',
      },
      {
        name: 'replay',
        kind: 'text',
        value: 'RUN',
        summary:
          'do again what happened in a run that ended: its faults as they really were; RUN is its name, a file of `postern runs export`, or its report.json (with SCENARIO)',
        completes: 'run',
      },
      {
        name: 'name',
        kind: 'text',
        value: 'NAME',
        summary: 'name of the run, letters, digits, - and _ (default: scenario and time)',
      },
      {
        name: 'provider',
        kind: 'choice',
        choices: ['connected', 'local', 'lab'],
        summary: 'who brings the nodes, in the place of what the file says',
      },
      { name: 'detach', kind: 'flag', summary: 'begin it, print its name, and leave it to the hub' },
      ...reportOptions,
      {
        name: 'directory',
        kind: 'text',
        value: 'DIR',
        summary: 'with providers local and lab: where files of the nodes go, and stay',
        completes: 'directory',
      },
      {
        name: 'keep-files',
        kind: 'flag',
        summary: 'with providers local and lab: files of the nodes stay, and it is said where',
      },
      watchOutputOption,
      ...hubOptions,
    ],
    examples: [
      { line: 'postern run partition.yaml', does: 'on the nodes that are connected' },
      {
        line: 'postern run --seed 7 --report out chaos.yaml',
        does: 'the faults that seed 7 gives; out/index.html shows what came of it',
      },
      {
        line: 'postern run --replay partition-20260301-1000-k3fq',
        does: 'the same nodes and seed, and the faults when and as long as they really acted',
      },
      { line: 'postern run --junit rehearsal.xml -o jsonl partition.yaml > run.jsonl', does: 'in a CI job' },
      {
        line: 'RUN=$(postern run --detach long.yaml); postern runs watch "$RUN"',
        does: 'begin it now, look on later',
      },
    ],
    load: () => import('../commands/runs/run.js'),
  },
  {
    path: ['runs', 'ls'],
    summary: 'list the runs, the newest first',
    options: [
      { name: 'limit', kind: 'text', value: 'N', default: '100', summary: 'so many at most' },
      listOutputOption,
      ...hubOptions,
    ],
    examples: [
      { line: 'postern runs ls', does: 'what was run, and what came of it' },
      { line: 'postern runs ls --limit 1 -o name', does: 'the name of the newest' },
    ],
    load: () => import('../commands/runs/ls.js'),
  },
  {
    path: ['runs', 'show'],
    summary: 'show a run: when it was in which phase, its nodes, its seed, and why its verdict is what it is',
    arguments: [runArgument],
    options: [
      {
        name: 'output',
        short: 'o',
        kind: 'choice',
        choices: ['text', 'json', 'yaml'],
        default: 'text',
        summary: 'form of it',
      },
      ...hubOptions,
    ],
    examples: [
      { line: 'postern runs show', does: 'the newest' },
      { line: 'postern runs show partition-20260301-1000-k3fq -o json', does: 'for programs' },
    ],
    load: () => import('../commands/runs/show.js'),
  },
  {
    path: ['runs', 'watch'],
    summary: 'look on at a run until it has ended, then tell what it has shown',
    description: `As \`postern run\` does; to leave does not end the run. ${exits}`,
    arguments: [runArgument],
    options: [...reportOptions, watchOutputOption, ...hubOptions],
    examples: [
      { line: 'postern runs watch', does: 'the newest' },
      { line: 'postern runs watch -o jsonl partition-20260301-1000-k3fq', does: 'for programs' },
    ],
    load: () => import('../commands/runs/watch.js'),
  },
  {
    path: ['runs', 'stop'],
    summary: 'end a run before its time',
    description: 'Nodes stop sending and faults are healed; then what there is is judged.',
    arguments: [{ ...runArgument, summary: 'name of the run', optional: false }],
    options: [
      { name: 'reason', kind: 'text', value: 'TEXT', summary: 'why, for whoever reads the results' },
      ...hubOptions,
    ],
    examples: [
      {
        line: "postern runs stop partition-20260301-1000-k3fq --reason 'wrong nodes'",
        does: 'enough',
      },
    ],
    load: () => import('../commands/runs/stop.js'),
  },
  {
    path: ['runs', 'report'],
    summary: 'print what a run has shown',
    description:
      'It is judged anew, with all records that have come by now. docs/report.md tells what each number means.',
    arguments: [runArgument],
    options: [
      {
        name: 'output',
        short: 'o',
        kind: 'choice',
        choices: ['text', 'json', 'junit', 'html'],
        default: 'text',
        summary: 'for people, for programs, for CI servers, or one page with everything',
      },
      {
        name: 'output-file',
        kind: 'text',
        value: 'FILE',
        summary: 'write it there (default: -, stdout)',
        completes: 'file',
      },
      ...hubOptions,
    ],
    examples: [
      { line: 'postern runs report', does: 'the newest' },
      {
        line: 'postern runs report partition-20260301-1000-k3fq -o html --output-file report.html',
        does: 'a page for the browser',
      },
    ],
    load: () => import('../commands/runs/report.js'),
  },
  {
    path: ['check'],
    summary: 'judge what is stored of a run again, by other rules',
    description: `What is not said is as in the scenario of the run; the rules that differ from it are told on stderr. Nothing is sent again, and the run itself keeps its verdict. ${exits}`,
    arguments: [runArgument],
    options: [
      ...ruleOptions,
      ...reportOptions,
      {
        name: 'output',
        short: 'o',
        kind: 'choice',
        choices: ['text', 'json'],
        default: 'text',
        summary: 'the report for people, or for programs',
      },
      ...hubOptions,
    ],
    examples: [
      { line: 'postern check', does: 'the newest, with the records that have come since' },
      {
        line: 'postern check partition-20260301-1000-k3fq --lost 2 --late-after 2s --late 1%',
        does: 'would it pass if two messages might be lost, and 1 of 100 take longer than 2 s?',
      },
      { line: 'postern check --rules strict.yaml --junit strict.xml', does: 'with rules from a file' },
    ],
    load: () => import('../commands/runs/check.js'),
  },
  {
    path: ['complete-runs'],
    summary: 'names of the runs, for completion',
    hidden: true,
    options: hubOptions,
    examples: [],
    load: () => import('../commands/runs/names.js'),
  },
];
