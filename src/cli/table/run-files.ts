import type { CommandSpec } from '../command-spec.js';
import { hubOptions } from '../common-options.js';
import { runArgument } from './runs.js';

/** The commands about files of runs. */
export const runFileCommands: readonly CommandSpec[] = [
  {
    path: ['runs', 'export'],
    summary: 'write a run that has ended into one file, which can be looked at without a hub',
    description:
      'Phases, scenario, plan, report, and the machines of the run, its tests and its faults with their last 64 transitions each. What has the name of a secret is left out. docs/runs.md describes the file.',
    arguments: [runArgument],
    options: [
      {
        name: 'output-file',
        kind: 'text',
        value: 'FILE',
        summary:
          'write it there; packed where the name ends in .gz; -: stdout (default: RUN.postern-run.jsonl)',
        completes: 'file',
      },
      ...hubOptions,
    ],
    examples: [
      { line: 'postern runs export', does: 'the newest' },
      {
        line: 'postern runs export partition-20260301-1000-k3fq --output-file partition.postern-run.jsonl.gz',
        does: 'packed, to be sent to somebody',
      },
    ],
    load: () => import('../commands/runs/export.js'),
  },
  {
    path: ['runs', 'open'],
    summary: 'show a file of a run in the browser, without a hub',
    description:
      'Serves the page with the file to this machine alone, prints its link, and goes on until it is ended. No token is needed, and nothing is asked for over any network; other users of this machine can look at it meanwhile.',
    arguments: [{ name: 'FILE', summary: 'as `postern runs export` has written it', completes: 'file' }],
    examples: [
      { line: 'postern runs open partition-20260301-1000-k3fq.postern-run.jsonl', does: 'prints a link' },
    ],
    load: () => import('../commands/runs/open.js'),
  },
];
