import type { CommandSpec } from '../command-spec.js';
import { listOutputOption } from '../common-options.js';

/** The commands about files of scenarios. */
export const scenarioCommands: readonly CommandSpec[] = [
  {
    path: ['scenario', 'check'],
    summary: 'tell what is wrong with files of scenarios, and what a run of them would do',
    description:
      'Every mistake is told at once, with its line and what would be right; the exit status is 2 then. For a file without mistakes, prints the plan: what is sent when, and every fault. Nothing is started, and no hub is asked. Files of infra-testing-tool are read too. What may be written is in docs/scenarios.md.',
    arguments: [{ name: 'FILE', summary: 'YAML of a scenario', several: true, completes: 'file' }],
    options: [
      {
        name: 'provider',
        kind: 'choice',
        choices: ['connected', 'local', 'lab'],
        summary: 'who brings the nodes, in the place of what the file says',
      },
      {
        name: 'seed',
        kind: 'text',
        value: 'TEXT',
        summary: 'what chance is drawn from (default: that of the file, else drawn)',
      },
      listOutputOption,
    ],
    examples: [
      { line: 'postern scenario check partition.yaml', does: 'its plan, or all its mistakes' },
      {
        line: 'postern scenario check --seed 7 -o json chaos.yaml',
        does: 'the plan that seed 7 gives, for programs',
      },
      { line: 'postern scenario check scenarios/*.yaml -o name', does: 'in a test: are they all sound?' },
    ],
    load: () => import('../commands/scenario/check.js'),
  },
  {
    path: ['scenario', 'schema'],
    summary: 'print the JSON schema of a scenario, for editors',
    description: 'The same is in the package, schemas/scenario.schema.json.',
    examples: [
      {
        line: 'postern scenario schema > scenario.schema.json',
        does: 'for a line `# yaml-language-server: $schema=scenario.schema.json`',
      },
    ],
    load: () => import('../commands/scenario/schema.js'),
  },
];
