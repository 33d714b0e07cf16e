import type { CommandSpec } from '../command-spec.js';
import { hubOptions, listOutputOption } from '../common-options.js';

/** The commands about log files of nodes. */
export const logCommands: readonly CommandSpec[] = [
  {
    path: ['logs'],
    summary: 'list, read and follow the log files of a node, or have it bring them to the hub',
    description:
      'Shows what the agent was told with --logs, and what it writes itself. Lists the files, or prints the one that is named, or the only one there is. Files that were brought to the hub are listed by `postern logs ls` and fetched by `postern logs get`.',
    arguments: [
      { name: 'NODE', summary: 'name of the node', completes: 'node' },
      { name: 'FILE', summary: 'path of a file, as the list shows it', optional: true, completes: 'log' },
    ],
    options: [
      {
        name: 'follow',
        short: 'f',
        kind: 'flag',
        summary:
          'go on with what is written later, through rotations; a file that is not there is waited for',
      },
      { name: 'tail', kind: 'text', value: 'N', summary: 'only the last N lines' },
      {
        name: 'upload',
        kind: 'text',
        value: 'FOLDER/NAME',
        summary:
          'bring all of them, and the results of the tests, to the hub, and print where they are; without NAME the name of the node; run again it goes on where it stopped',
      },
      listOutputOption,
      ...hubOptions,
    ],
    examples: [
      { line: 'postern logs greenhouse', does: 'which files are there' },
      {
        line: 'postern logs greenhouse berty.log --tail 20 --follow',
        does: 'the end of one, and what comes',
      },
      {
        line: 'postern logs greenhouse --upload 2031-05-04',
        does: 'to test-run-2031-05-04/greenhouse/ at the hub',
      },
    ],
    load: () => import('../commands/logs/logs.js'),
  },
  {
    path: ['logs', 'ls'],
    summary: 'list the log files that nodes have brought to the hub',
    arguments: [{ name: 'FOLDER', summary: 'only those of this folder', optional: true }],
    options: [listOutputOption, ...hubOptions],
    examples: [{ line: 'postern logs ls 2031-05-04', does: 'all nodes of that day' }],
    load: () => import('../commands/logs/ls.js'),
  },
  {
    path: ['logs', 'get'],
    summary: 'fetch a log file that a node has brought to the hub',
    arguments: [{ name: 'LINK', summary: 'its link, or its key' }],
    options: [
      {
        name: 'to-file',
        short: 'O',
        kind: 'text',
        value: 'FILE',
        summary: 'write it here (default: to stdout)',
        completes: 'file',
      },
      ...hubOptions,
    ],
    examples: [
      {
        line: 'postern logs get test-run-2031-05-04/greenhouse/berty.log -O berty.log',
        does: 'checked against what the node has sent',
      },
    ],
    load: () => import('../commands/logs/get.js'),
  },
  {
    path: ['complete-logs'],
    summary: 'log files of a node, for completion',
    hidden: true,
    arguments: [{ name: 'NODE', summary: 'name of the node' }],
    options: hubOptions,
    examples: [],
    load: () => import('../commands/complete-logs.js'),
  },
];
