import type { CommandSpec } from '../command-spec.js';
import { dataOption, hubOptions, listOutputOption, logLevelOption } from '../common-options.js';

/** The commands that look at the fleet and manage it. */
export const managingCommands: readonly CommandSpec[] = [
  {
    path: ['nodes'],
    summary: 'list the nodes, connected or not',
    description:
      'With NAME also which faults its agent can do on that machine, and by what, where the agent has a daemon, is connected, and you may call it; else why nobody knows. See docs/faults.md.',
    arguments: [{ name: 'NAME', summary: 'only this node', optional: true, completes: 'node' }],
    options: [
      listOutputOption,
      { name: 'watch', short: 'w', kind: 'flag', summary: 'go on: print a node again whenever it changes' },
      ...hubOptions,
    ],
    examples: [
      { line: 'postern nodes', does: 'a table' },
      { line: 'postern nodes -w -o jsonl', does: 'all nodes, then each change, one JSON object per line' },
      { line: 'postern nodes etcd -o json', does: 'one node, and the faults that it can do' },
    ],
    load: () => import('../commands/nodes.js'),
  },
  {
    path: ['inspect'],
    summary: 'show the state machines: in a browser, or what those of a node did',
    description:
      'Alone it prints the link to the page where all machines are seen moving. With a name it prints the kept transitions of that actor, or of all machines of a node: its own, and those of the links, daemons, processes, tests, faults and outages by lot of its agents, oldest first. The beginning of an id is enough where only one begins so.',
    arguments: [
      {
        name: 'WHAT',
        summary: 'an actor, such as test/ID, or the name of a node',
        optional: true,
        completes: 'actor',
      },
    ],
    options: [
      { name: 'follow', short: 'f', kind: 'flag', summary: 'go on with each transition as it happens' },
      { name: 'ls', kind: 'flag', summary: 'list the actors and their present states instead' },
      {
        name: 'definition',
        kind: 'flag',
        summary: 'print the statechart that the actor runs by instead: as mermaid, or as JSON',
      },
      {
        name: 'machine',
        kind: 'choice',
        choices: ['node', 'link', 'daemon', 'process', 'test', 'fault', 'reliability', 'run'],
        summary: 'only machines of this kind',
      },
      {
        name: 'output',
        short: 'o',
        kind: 'choice',
        choices: ['text', 'jsonl', 'json'],
        default: 'text',
        summary: 'form of what is printed',
      },
      { name: 'open', kind: 'flag', summary: 'open the page in a browser, logged in' },
      {
        name: 'with-token',
        kind: 'flag',
        summary: 'print a link that logs in: whoever has it may do what you may',
      },
      {
        name: 'stately',
        kind: 'flag',
        summary:
          "print where a tool that speaks Stately's inspection protocol may connect within a minute, once",
      },
      ...hubOptions,
    ],
    examples: [
      { line: 'postern inspect --open', does: 'the page, in a browser' },
      { line: 'postern inspect --ls', does: 'all actors and their states' },
      { line: 'postern inspect etcd', does: 'the history of all machines of a node' },
      {
        line: 'postern inspect node/etcd --follow -o jsonl',
        does: 'the history of one actor, then what happens, for programs',
      },
      { line: 'postern inspect link/etcd --definition', does: 'what the machine of a link is' },
    ],
    load: () => import('../commands/inspect.js'),
  },
  {
    path: ['token', 'create'],
    summary: 'make a token with which a node may join or a caller may call',
    description: 'Prints the token alone on stdout: it is shown only here.',
    options: [
      { name: 'join', kind: 'text', value: 'NODE', summary: 'bind a key to this node name' },
      {
        name: 'uses',
        kind: 'text',
        value: 'N',
        summary: 'bind up to N keys, one for each agent (default: 1)',
      },
      { name: 'many', kind: 'flag', summary: 'bind as many keys as a node may have (64), until it expires' },
      {
        name: 'label',
        kind: 'list',
        value: 'KEY=VALUE',
        summary: 'give the node a label, which tokens can select it by (--nodes)',
      },
      {
        name: 'caller',
        kind: 'text',
        value: 'NAME',
        summary: 'let somebody call; the name is what logs show',
      },
      {
        name: 'nodes',
        kind: 'list',
        value: 'NAME,…',
        separator: ';',
        shownDefault: 'all',
        summary:
          "nodes that the caller may call: names, edge-* for any that begins so, or labels that all hold: 'site=berlin,!gpu'",
      },
      {
        name: 'methods',
        kind: 'list',
        value: 'METHOD,…',
        shownDefault: 'all',
        summary: 'methods that the caller may call: pkg.Service/Method, pkg.Service/* or pkg.*',
      },
      {
        name: 'role',
        kind: 'choice',
        choices: ['call', 'join', 'operate', 'trace', 'admin'],
        default: 'call',
        summary:
          'what the caller may do: call nodes; invite nodes; both, and watch machines; only watch machines; or everything',
      },
      { name: 'rate', kind: 'text', value: 'N', summary: 'calls that the caller may begin in a second' },
      { name: 'in-flight', kind: 'text', value: 'N', summary: 'calls that it may have open' },
      {
        name: 'bytes',
        kind: 'text',
        value: 'SIZE',
        summary: 'bytes that may pass in a second, both ways: 10MB',
      },
      { name: 'max-message', kind: 'text', value: 'SIZE', summary: 'largest message: 4MiB' },
      {
        name: 'max-deadline',
        kind: 'duration',
        summary: 'longest deadline; a call with a later one, or none, gets this one',
      },
      {
        name: 'email',
        kind: 'text',
        value: 'ADDRESS',
        summary: 'address of the person behind it, which services are told',
      },
      { name: 'ttl', kind: 'duration', summary: 'life of the token (default: 1h to join, 30d to call)' },
      {
        name: 'output',
        short: 'o',
        kind: 'choice',
        choices: ['text', 'json'],
        default: 'text',
        summary: 'the token alone, or all about it',
      },
      ...hubOptions,
    ],
    examples: [
      { line: 'postern token create --join greenhouse', does: 'for an agent elsewhere' },
      {
        line: "postern token create --caller ci --nodes 'test-*' --ttl 2h",
        does: 'for a program that calls some nodes',
      },
      {
        line: "postern token create --caller backup --nodes site=berlin --methods 'etcdserverpb.KV/Range' --rate 10",
        does: 'for one that may only read, slowly, and only where the label says so',
      },
      {
        line: 'postern token create --join edge --uses 3 --label site=berlin',
        does: 'for three agents that share a node',
      },
    ],
    load: () => import('../commands/token-create.js'),
  },
  {
    path: ['token', 'inspect'],
    summary: 'show what a token allows, whether it is good still, and who signed it',
    description:
      'Reads the token without a key, so that what it says is not proven here; a hub that can be reached tells what has become of it. The token itself is not printed and not sent.',
    arguments: [{ name: 'TOKEN', summary: 'the token, - for stdin, or @FILE' }],
    options: [
      { name: 'offline', kind: 'flag', summary: 'ask no hub' },
      {
        name: 'output',
        short: 'o',
        kind: 'choice',
        choices: ['text', 'json'],
        default: 'text',
        summary: 'form of the answer',
      },
      ...hubOptions,
    ],
    examples: [
      { line: 'postern token inspect @ci.token', does: 'a token in a file' },
      { line: 'postern token inspect - --offline < ci.token', does: 'without asking a hub' },
    ],
    load: () => import('../commands/token-inspect.js'),
  },
  {
    path: ['token', 'ls'],
    summary: 'list the tokens that were made, without their secrets',
    options: [listOutputOption, ...hubOptions],
    examples: [{ line: 'postern token ls', does: 'a table' }],
    load: () => import('../commands/token-ls.js'),
  },
  {
    path: ['token', 'revoke'],
    summary: 'make a token worthless from now on',
    arguments: [{ name: 'ID', summary: 'its id, as `postern token ls` shows it' }],
    options: hubOptions,
    examples: [{ line: 'postern token revoke 3fK9xQ2b', does: 'one token' }],
    load: () => import('../commands/token-revoke.js'),
  },
  {
    path: ['bus', 'creds'],
    summary: 'make NATS credentials, to look on with other tools',
    description:
      'Prints a NATS credentials file on stdout. It is signed with the keys in the data directory, so that it works on the machine of the hub, without asking it.',
    options: [
      {
        name: 'role',
        kind: 'choice',
        choices: ['watcher', 'tracer'],
        default: 'watcher',
        summary: 'watcher sees what happens; tracer also the frames of calls, with all their content',
      },
      { name: 'ttl', kind: 'duration', default: '24h', summary: 'life of the credentials' },
      {
        name: 'name',
        kind: 'text',
        value: 'NAME',
        default: 'watcher',
        summary: 'name that the NATS server shows for them',
      },
      dataOption,
      logLevelOption,
    ],
    examples: [
      {
        line: "postern bus creds > watcher.creds && nats --creds watcher.creds sub 'postern.>'",
        does: 'see every message that tells what happens',
      },
    ],
    load: () => import('../commands/bus-creds.js'),
  },
  {
    path: ['completion'],
    summary: 'print a completion script for a shell',
    arguments: [{ name: 'SHELL', summary: 'bash, zsh or fish', choices: ['bash', 'zsh', 'fish'] }],
    examples: [
      { line: 'source <(postern completion bash)', does: 'in bash; put it into ~/.bashrc to keep it' },
      { line: 'postern completion fish > ~/.config/fish/completions/postern.fish', does: 'in fish' },
    ],
    load: () => import('../commands/completion.js'),
  },
  {
    path: ['version'],
    summary: 'print the version',
    options: [
      {
        name: 'output',
        short: 'o',
        kind: 'choice',
        choices: ['text', 'json'],
        default: 'text',
        summary: 'the version alone, or with what it runs on',
      },
    ],
    examples: [{ line: 'postern version', does: 'the version alone' }],
    load: () => import('../commands/version.js'),
  },
  {
    path: ['complete-nodes'],
    summary: 'names of the nodes, for completion',
    hidden: true,
    options: hubOptions,
    examples: [],
    load: () => import('../commands/complete-nodes.js'),
  },
  {
    path: ['complete-services'],
    summary: 'words of services, or of the methods of one, for completion',
    hidden: true,
    arguments: [{ name: 'SERVICE', summary: 'a service, for its methods', optional: true }],
    options: hubOptions,
    examples: [],
    load: () => import('../commands/complete-services.js'),
  },
];
