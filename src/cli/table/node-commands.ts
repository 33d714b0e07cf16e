import type { ArgumentSpec, CommandSpec } from '../command-spec.js';
import { hubOptions } from '../common-options.js';

const nodeArgument: ArgumentSpec = { name: 'NODE', summary: 'name of the node', completes: 'node' };

/** The commands that say which nodes may be there. */
export const nodeCommands: readonly CommandSpec[] = [
  {
    path: ['nodes', 'revoke'],
    summary: 'cut a node off, at once and until it is allowed again',
    description:
      'Its links end, on the NATS server too, its keys are not let in again, and no join token lets another in. With --key only one of its keys is cut off, for ever.',
    arguments: [nodeArgument],
    options: [
      {
        name: 'key',
        kind: 'text',
        value: 'KEY',
        summary: 'only this key of the node, as `postern nodes NODE -o yaml` shows it',
      },
      ...hubOptions,
    ],
    examples: [
      { line: 'postern nodes revoke greenhouse', does: 'the machine was stolen' },
      {
        line: 'postern nodes revoke greenhouse --key UDXK',
        does: 'one of the machines that share the name',
      },
    ],
    load: () => import('../commands/nodes-revoke.js'),
  },
  {
    path: ['nodes', 'allow'],
    summary: 'let a node that was revoked join again, with a new key',
    description: 'The keys that it had stay cut off; a new one joins with a new join token.',
    arguments: [nodeArgument],
    options: hubOptions,
    examples: [
      {
        line: 'postern nodes allow greenhouse && postern token create --join greenhouse',
        does: 'a new machine takes the place',
      },
    ],
    load: () => import('../commands/nodes-allow.js'),
  },
  {
    path: ['nodes', 'kick'],
    summary: 'end the sessions of a node now; it may come again',
    description:
      'The open calls end with UNAVAILABLE. An agent, or what has a tunnel, comes again by itself within seconds, under another instance id; with --duration it asks again and again, by its usual pauses, until the time is over. Nothing is revoked.',
    arguments: [
      nodeArgument,
      {
        name: 'INSTANCE',
        summary: 'only this instance, as `postern nodes NODE -o yaml` shows it',
        optional: true,
      },
    ],
    options: [
      {
        name: 'duration',
        kind: 'duration',
        summary:
          'let it not come again for so long, at most 30 days: the whole node, or the key of INSTANCE; a later one takes the place of an earlier one',
      },
      ...hubOptions,
    ],
    examples: [
      { line: 'postern nodes kick greenhouse', does: 'a session that hangs' },
      {
        line: 'postern nodes kick greenhouse 3-5e2f0c1b9a7d4e66 --duration 10m',
        does: 'one of several agents, while it is worked on',
      },
    ],
    load: () => import('../commands/nodes-kick.js'),
  },
];
