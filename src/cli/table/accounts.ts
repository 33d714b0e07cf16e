import type { ArgumentSpec, CommandSpec } from '../command-spec.js';
import {
  configOption,
  dataOption,
  hostOption,
  hubOptions,
  listOutputOption,
  logLevelOption,
  readyOutputOption,
} from '../common-options.js';

const emailArgument: ArgumentSpec = { name: 'EMAIL', summary: 'the address of the account' };
const where =
  'Through a hub whose routes lead to the account services, or straight: --hub 127.0.0.1:40052. See docs/accounts.md.';
const onHost = '--hub https://example.org --host auth.example.org';

const listenOption = (service: string, what: string, port: number) =>
  ({
    name: `${service}-listen`,
    kind: 'list',
    value: 'ADDRESS',
    shownDefault: `127.0.0.1:${port}`,
    summary: `address of ${what}, HOST:PORT or unix:/PATH; may be repeated`,
  }) as const;

/** Accounts of people: the services, and what to do with them. */
export const accountCommands: readonly CommandSpec[] = [
  {
    path: ['accounts', 'serve'],
    summary: 'serve accounts: authentication, storage and rooms',
    description:
      'Beside a hub, with the keys of its data directory; several may run. `postern up --accounts FILE` does the same in one process. The file says at least which way codes go, as `mail`: see docs/accounts.md.',
    options: [
      listenOption('rest', 'the REST gateway, for proxies that ask whether to let a request in', 40_051),
      listenOption('auth', 'authentication, gRPC', 40_052),
      listenOption('storage', 'storage, gRPC', 40_053),
      listenOption('rooms', 'room control, gRPC', 40_054),
      {
        name: 'admin',
        kind: 'list',
        value: 'EMAIL',
        summary: 'address of an administrator; may be repeated',
      },
      {
        name: 'nats',
        kind: 'list',
        value: 'URL',
        summary:
          "the NATS server, nats://HOST:PORT (default: that of the data directory's hub); may be repeated",
      },
      dataOption,
      configOption,
      readyOutputOption,
      logLevelOption,
    ],
    examples: [
      { line: 'postern accounts serve --config accounts.yaml', does: 'on the machine of `postern up`' },
      {
        line: 'postern accounts serve --config accounts.yaml --admin ada@example.org',
        does: 'with an administrator',
      },
    ],
    load: () => import('../commands/accounts/serve.js'),
  },
  {
    path: ['accounts', 'register'],
    summary: 'begin to prove an address: for a new account, or to log in',
    description: `Either a code is mailed to the address, or you mail the code that is printed. ${where}`,
    arguments: [emailArgument],
    options: [hostOption, ...hubOptions],
    examples: [{ line: `postern accounts register ada@example.org ${onHost}`, does: 'get a code' }],
    load: () => import('../commands/accounts/register.js'),
  },
  {
    path: ['accounts', 'confirm'],
    summary: 'end it with the code, and keep the token that it gives',
    description: `The token is kept in a context (mode 0600), with what it is renewed with; commands that use this context renew it. ${where}`,
    arguments: [
      emailArgument,
      { name: 'CODE', summary: 'the code (default: a line of standard input)', optional: true },
    ],
    options: [
      {
        name: 'save-as',
        kind: 'text',
        value: 'NAME',
        default: 'account',
        summary: 'name of the context; one that is there is replaced',
      },
      {
        name: 'mail-within',
        kind: 'duration',
        summary: 'wait so long for the mail with the code to come (default: not at all)',
      },
      hostOption,
      ...hubOptions,
    ],
    examples: [
      {
        line: `postern accounts confirm ada@example.org mfzwizltoq2dkmrr… ${onHost}`,
        does: 'a token, in the context `account`',
      },
      {
        line: 'postern accounts confirm ada@example.org --mail-within 10m',
        does: 'asks for the code, and waits',
      },
    ],
    load: () => import('../commands/accounts/confirm.js'),
  },
  {
    path: ['accounts', 'whoami'],
    summary: 'say whose the token is',
    description: where,
    options: [hostOption, ...hubOptions],
    examples: [{ line: 'postern accounts whoami --host auth.example.org', does: 'the address' }],
    load: () => import('../commands/accounts/whoami.js'),
  },
  {
    path: ['accounts', 'ls'],
    summary: 'list the accounts, for administrators',
    description: where,
    options: [listOutputOption, hostOption, ...hubOptions],
    examples: [{ line: 'postern accounts ls -o json', does: 'for programs' }],
    load: () => import('../commands/accounts/ls.js'),
  },
  {
    path: ['accounts', 'promote'],
    summary: 'make somebody an administrator, for administrators',
    description: where,
    arguments: [emailArgument],
    options: [{ name: 'demote', kind: 'flag', summary: 'take it back' }, hostOption, ...hubOptions],
    examples: [{ line: 'postern accounts promote ada@example.org', does: 'she may do all of this, too' }],
    load: () => import('../commands/accounts/promote.js'),
  },
  {
    path: ['accounts', 'erase'],
    summary: 'remove all that is kept of somebody: you, or anybody for administrators',
    description: `Asks the storage of accounts: --host is its name, or straight --hub 127.0.0.1:40053. ${where}`,
    arguments: [emailArgument],
    options: [{ name: 'yes', short: 'y', kind: 'flag', summary: 'do not ask' }, hostOption, ...hubOptions],
    examples: [
      { line: 'postern accounts erase ada@example.org --host storage.example.org', does: 'nothing is left' },
    ],
    load: () => import('../commands/accounts/erase.js'),
  },
  {
    path: ['accounts', 'logout'],
    summary: 'end the session, and remove its context',
    description: where,
    options: [
      { name: 'everywhere', kind: 'flag', summary: 'end all sessions of the account' },
      hostOption,
      ...hubOptions,
    ],
    examples: [{ line: 'postern accounts logout --host auth.example.org', does: 'this one' }],
    load: () => import('../commands/accounts/logout.js'),
  },
];
