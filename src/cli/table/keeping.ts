import type { ArgumentSpec, CommandSpec } from '../command-spec.js';
import { dataOption, hubOptions, listOutputOption, logLevelOption } from '../common-options.js';

const nameArgument: ArgumentSpec = { name: 'NAME', summary: 'name of the context', completes: 'context' };

const useCommand: CommandSpec = {
  path: ['context', 'use'],
  summary: 'choose the context that counts where none is named',
  arguments: [{ ...nameArgument, optional: true }],
  options: [{ name: 'none', kind: 'flag', summary: 'choose none: the hub of the data directory again' }],
  examples: [
    { line: 'postern context use garden', does: 'from now on' },
    { line: 'postern context use --none', does: 'back to the hub on this machine' },
  ],
  load: () => import('../commands/context-use.js'),
};

/** The commands that keep what is needed to come to a hub, and to have it again. */
export const keepingCommands: readonly CommandSpec[] = [
  {
    path: ['context', 'add'],
    summary: 'give a hub a name, with what is needed to come to it',
    description:
      'The context is a file for this user alone, in $XDG_CONFIG_HOME/postern/contexts or ~/.config/postern/contexts. Every command that talks to a hub takes it with --context NAME or POSTERN_CONTEXT. A token is shown to the hub of its context alone.',
    arguments: [{ name: 'NAME', summary: 'letters, digits, dots, dashes and underscores' }],
    options: [
      {
        name: 'hub',
        kind: 'text',
        value: 'URL',
        summary:
          'the hub, HOST:PORT, http://HOST:PORT or https://HOST[:PORT] (default: the one that runs with --data)',
      },
      {
        name: 'token',
        kind: 'text',
        value: 'TOKEN',
        summary:
          "caller's token, kept in the context; - reads standard input, which no list of processes shows",
      },
      {
        name: 'token-file',
        kind: 'text',
        value: 'FILE',
        summary: "file with the caller's token; only its path is kept",
        completes: 'file',
      },
      {
        name: 'hub-ca',
        kind: 'text',
        value: 'FILE',
        summary: "authorities to trust where the hub is https, PEM (default: the system's)",
        completes: 'file',
      },
      {
        name: 'data',
        kind: 'text',
        value: 'DIR',
        summary: 'data directory of a hub on this machine, whose admin token is used',
        completes: 'directory',
      },
      { name: 'select', kind: 'flag', summary: 'choose it, as `postern context use` does' },
      { name: 'force', kind: 'flag', summary: 'replace what is there' },
    ],
    examples: [
      {
        line: 'postern context add garden --hub https://hub.example.org --token - --select < token.txt',
        does: 'a hub elsewhere, from now on',
      },
      { line: 'postern context add trial --data /tmp/trial', does: 'a second hub on this machine' },
    ],
    load: () => import('../commands/context-add.js'),
  },
  useCommand,
  { ...useCommand, path: ['context', 'select'], hidden: true },
  {
    path: ['context', 'ls'],
    summary: 'list the contexts',
    options: [listOutputOption],
    examples: [{ line: 'postern context ls', does: 'a table; * is the one that counts' }],
    load: () => import('../commands/context-ls.js'),
  },
  {
    path: ['context', 'show'],
    summary: 'show a context, without its token',
    arguments: [
      { ...nameArgument, summary: 'name of the context (default: the one that counts)', optional: true },
    ],
    options: [
      {
        name: 'output',
        short: 'o',
        kind: 'choice',
        choices: ['text', 'json'],
        default: 'text',
        summary: 'for people or for programs',
      },
    ],
    examples: [
      { line: 'postern context show garden', does: 'where it leads, and until when its token is good' },
    ],
    load: () => import('../commands/context-show.js'),
  },
  {
    path: ['context', 'rm'],
    summary: 'remove a context',
    description: 'Its token stays good: revoke it with `postern token revoke`.',
    arguments: [nameArgument],
    examples: [{ line: 'postern context rm garden', does: 'forget a hub' }],
    load: () => import('../commands/context-rm.js'),
  },
  {
    path: ['doctor'],
    summary:
      'say what is wrong with this machine, its data directory and the way to the hub, and how to mend it',
    description:
      'Changes nothing. The exit status is 1 when something fails; warnings alone leave it at 0. Every look is bounded to 5 seconds.',
    options: [
      {
        name: 'output',
        short: 'o',
        kind: 'choice',
        choices: ['text', 'json'],
        default: 'text',
        summary: 'for people or for programs',
      },
      ...hubOptions,
    ],
    examples: [
      { line: 'postern doctor', does: 'look at everything' },
      { line: 'postern doctor --context garden -o json', does: 'a hub elsewhere, for programs' },
    ],
    load: () => import('../commands/doctor.js'),
  },
  {
    path: ['backup'],
    summary: 'write the keys, tokens and registry of a data directory into one file',
    description:
      'The file is a tar archive packed by gzip, for this user alone; whoever has it is admin of the hub. The hub may run or not: the nodes and tokens that it knows are read from its NATS server. Calls, logs and transitions are not in it.',
    arguments: [
      { name: 'FILE', summary: 'where to, e.g. hub.tar.gz; - for standard output', completes: 'file' },
    ],
    options: [
      { name: 'force', kind: 'flag', summary: 'replace what is there' },
      {
        name: 'nats',
        kind: 'list',
        value: 'URL',
        summary: 'the NATS server with the registry, where it is none of ours and no hub runs here',
      },
      dataOption,
      logLevelOption,
    ],
    examples: [
      { line: 'postern backup hub.tar.gz', does: 'on the machine of the hub' },
      {
        line: 'postern backup - | age -r age1… > hub.tar.gz.age',
        does: 'encrypted, never on the disk in the clear',
      },
    ],
    load: () => import('../commands/backup.js'),
  },
  {
    path: ['restore'],
    summary: 'make a data directory from what `postern backup` wrote',
    description:
      'All of it or nothing: the new directory appears when it is whole. Do not start a hub with it while the old one runs.',
    arguments: [{ name: 'FILE', summary: 'the backup; - for standard input', completes: 'file' }],
    options: [
      { name: 'force', kind: 'flag', summary: 'move what is there aside' },
      dataOption,
      logLevelOption,
    ],
    examples: [
      {
        line: 'postern restore hub.tar.gz --data /var/lib/postern',
        does: 'on another machine, then: postern up',
      },
    ],
    load: () => import('../commands/restore.js'),
  },
  {
    path: ['complete-contexts'],
    summary: 'names of the contexts, for completion',
    hidden: true,
    examples: [],
    load: () => import('../commands/context-names.js'),
  },
  {
    path: ['keys', 'rotate'],
    summary: 'replace one of the keys of a hub by a new one',
    description:
      "Which key signs what: `caller` caller tokens and assertions, `signing` the bus credentials of agents and hubs, `operator` and `system` what NATS servers are configured with. Agents need nothing: they get new credentials by their own keys. The account's own key (account.nk) can not be replaced: where it was stolen, start with a new data directory and let all agents join anew. An agent's key: make a join token, remove the agent's key.nk, start it with the token, and revoke the old key with `postern nodes revoke NODE --key KEY`.",
    arguments: [{ name: 'KEY', summary: 'which one', choices: ['caller', 'signing', 'system', 'operator'] }],
    options: [
      {
        name: 'keep',
        kind: 'duration',
        default: '24h',
        summary:
          'how long what the old key has signed is still believed; 0: a stolen key is worthless at once',
      },
      dataOption,
      logLevelOption,
    ],
    examples: [
      { line: 'postern keys rotate signing', does: 'from time to time' },
      { line: 'postern keys rotate caller --keep 0', does: 'it was stolen: all caller tokens are worthless' },
    ],
    load: () => import('../commands/keys-rotate.js'),
  },
];
