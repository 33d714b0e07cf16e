import type { CommandSpec } from '../command-spec.js';
import { hubOptions, listOutputOption } from '../common-options.js';

/** The command that ends faults, with a hub and without. */
export const healCommand: CommandSpec = {
  path: ['heal'],
  summary: 'end all faults of a node, of all nodes, or what is left of them on this machine',
  description:
    'With NODE or --all through the hub. Without either it needs no hub and no agent: it undoes what agents of this machine have left, as their data directory (--data) tells, and says what it did. Exit status 0: nothing acts any more, or nothing did; 1: something could not be undone, an agent is there that does it, or a node did not answer.',
  arguments: [
    {
      name: 'NODE',
      summary: 'name of a node (default: what is left on this machine)',
      optional: true,
      completes: 'node',
    },
  ],
  options: [
    { name: 'all', kind: 'flag', summary: 'all nodes that are connected' },
    {
      name: 'node',
      kind: 'text',
      value: 'NAME',
      summary: 'on this machine, only what the agent of this node has left (default: all of them)',
    },
    {
      name: 'force',
      kind: 'flag',
      summary: 'on this machine, also what an agent has done that is there, for one that hangs',
    },
    listOutputOption,
    ...hubOptions,
  ],
  examples: [
    { line: 'postern heal north', does: 'all that acts or is armed there' },
    { line: 'postern heal --all', does: 'everywhere; nodes that cannot are listed' },
    { line: 'sudo postern heal --data /var/lib/postern', does: 'what a killed agent has left here' },
  ],
  load: () => import('../commands/heal/heal.js'),
};
