import type { CommandSpec, OptionSpec } from '../command-spec.js';
import { hubOptions, listOutputOption } from '../common-options.js';

/** Options of whatever has a route table and certificates for host names. */
export const routingOptions = [
  {
    name: 'certificate',
    kind: 'list',
    value: 'FILES',
    separator: ';',
    summary:
      'certificate for some host names: cert=FILE,key=FILE, and host=NAME where it shall not be those that it is made for; may be repeated',
  },
  {
    name: 'route',
    kind: 'list',
    value: 'ROW',
    separator: ';',
    summary:
      'where calls and requests go that name no node: host=NAME, path=/PREFIX or listener=ADDRESS, comma-separated, with node=NODE or to=URL; may be repeated, see docs/routes.md',
  },
] satisfies OptionSpec[];

/** The commands that look at the route table. */
export const routingCommands: readonly CommandSpec[] = [
  {
    path: ['routes'],
    summary: 'list the rows of the route table that are in effect',
    description:
      'The most specific row first, as they are tried. A table that was changed and refused is told in the log of the hub; the one before it is shown here.',
    options: [listOutputOption, ...hubOptions],
    examples: [
      { line: 'postern routes', does: 'a table, and when and from where it was read' },
      { line: 'postern routes -o json', does: 'for programs' },
    ],
    load: () => import('../commands/routes.js'),
  },
  {
    path: ['routes', 'check'],
    summary: 'check the routes and certificates of a configuration file, without a hub',
    description: 'Exits with 2 and names the row and the reason where a hub would not take it.',
    arguments: [{ name: 'FILE', summary: 'a file for --config', completes: 'file' }],
    options: [],
    examples: [{ line: 'postern routes check /etc/postern.yaml', does: 'before it is put in place' }],
    load: () => import('../commands/routes-check.js'),
  },
  {
    path: ['routes', 'test'],
    summary: 'show which row decides about a call or request',
    options: [
      { name: 'host', kind: 'text', value: 'NAME', default: '', summary: 'host name that the client calls' },
      { name: 'path', kind: 'text', value: 'PATH', default: '/', summary: 'path that the client calls' },
      {
        name: 'listener',
        kind: 'text',
        value: 'ADDRESS',
        summary: 'listener that it comes in at, as it is configured (default: the first)',
      },
      {
        name: 'kind',
        kind: 'choice',
        choices: ['call', 'http'],
        default: 'call',
        summary: 'whether it is a gRPC call, or any other request',
      },
      ...hubOptions,
    ],
    examples: [
      {
        line: 'postern routes test --host accounts.example.com --path /account_storage_service.AccountStorageService/GetUser',
        does: 'the row that takes a call, or that the hub itself does',
      },
    ],
    load: () => import('../commands/routes-test.js'),
  },
];
