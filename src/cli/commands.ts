import type { CommandSpec, GroupSpec } from './command-spec.js';
import { accountCommands } from './table/accounts.js';
import { activityCommand } from './table/activity.js';
import { callingCommands } from './table/calling.js';
import { callsCommand } from './table/calls.js';
import { controllerCommands } from './table/controller.js';
import { daemonCommand } from './table/daemon.js';
import { faultCommands } from './table/faults.js';
import { healCommand } from './table/heal.js';
import { hubServeCommand } from './table/hub-serve.js';
import { keepingCommands } from './table/keeping.js';
import { labCommands } from './table/lab.js';
import { logCommands } from './table/logs.js';
import { managingCommands } from './table/managing.js';
import { nodeCommands } from './table/node-commands.js';
import { operatingCommands } from './table/operating.js';
import { roomCommands } from './table/rooms.js';
import { routingCommands } from './table/routing.js';
import { runFileCommands } from './table/run-files.js';
import { runCommands } from './table/runs.js';
import { scenarioCommands } from './table/scenario.js';
import { servingCommands } from './table/serving.js';
import { testCommands } from './table/tests.js';
import { tokenServerCommand } from './table/token-server.js';
import { tunnelCommands } from './table/tunnels.js';
import { waitCommand } from './table/wait.js';

/** Every command of `postern`: its parser, its help, docs/cli.md and the completion scripts are made from this. */
export const commands: readonly CommandSpec[] = [
  ...servingCommands,
  ...controllerCommands,
  hubServeCommand,
  ...tunnelCommands,
  ...callingCommands,
  ...managingCommands,
  activityCommand,
  callsCommand,
  ...nodeCommands,
  ...logCommands,
  ...operatingCommands,
  waitCommand,
  ...routingCommands,
  ...keepingCommands,
  daemonCommand,
  tokenServerCommand,
  ...labCommands,
  ...testCommands,
  ...faultCommands,
  healCommand,
  ...scenarioCommands,
  ...runCommands,
  ...runFileCommands,
  ...accountCommands,
  ...roomCommands,
];

/** The words that only hold commands together. */
export const groups: readonly GroupSpec[] = [
  { path: ['hub'], summary: 'start a hub' },
  { path: ['accounts'], summary: 'accounts of people, and who they are' },
  { path: ['rooms'], summary: 'rooms to meet in' },
  { path: ['nodes'], summary: 'list the nodes, and say which may be there' },
  { path: ['logs'], summary: 'log files of nodes' },
  { path: ['token'], summary: 'make, list and revoke tokens' },
  { path: ['context'], summary: 'names for hubs, with what is needed to come to them' },
  { path: ['keys'], summary: 'replace the keys of a hub' },
  { path: ['routes'], summary: 'list, check and try the rows of the route table' },
  { path: ['bus'], summary: 'credentials for the bus' },
  { path: ['test'], summary: 'run tests on the daemon beside an agent, by hand' },
  { path: ['fault'], summary: 'disturb a node with a daemon, by hand' },
  { path: ['scenario'], summary: 'check files of scenarios' },
  {
    path: ['runs'],
    summary: 'list, show, watch, end and export runs of scenarios, and report what they have shown',
  },
  { path: ['lab'], summary: 'networks of machines behind NATs, to try things in' },
];
