import * as accounts from './account-messages.js';
import { activity } from './activity-message.js';
import { callSummary } from './call-summary.js';
import { logAnswer, logPart } from './log-messages.js';
import * as messages from './messages.js';
import * as operating from './operate-messages.js';
import * as results from './result-messages.js';
import * as runs from './run-messages.js';
import { type Keep, subject } from './subject-declaration.js';

export { stores } from './buckets.js';
export {
  type BusRole,
  busRoles,
  type Grant,
  type Keep,
  type StoreDeclaration,
  type SubjectDeclaration,
} from './subject-declaration.js';

/** Results are kept until somebody has judged them, and none makes room for others. */
const keptResults: Keep = {
  stream: 'POSTERN_RESULTS',
  maxBytes: 1 << 30,
  onDisk: { maxMessages: 1_000_000, maxAgeMs: 30 * 24 * 3_600_000, whenFull: 'refuse' },
};

/** The last transitions of each actor. */
function keptTransitions(stream: string, mebibytes: number): Keep {
  return { stream, perSubject: 64, maxBytes: mebibytes << 20, lasting: { onceWithinMs: 3_600_000 } };
}

/** Every subject of Postern. Permissions and docs/subjects.md are made from this. */
export const subjects = {
  call: subject({
    pattern: 'postern.call.{to}.{toInstance}.{from}.{fromInstance}',
    summary: 'All frames of all calls from one process to another, and their liveness pings.',
    body: 'frames',
    publish: { hub: { from: 'hub' }, agent: { to: 'hub', from: '$node' }, tunnel: { to: 'hub' } },
    subscribe: { hub: { to: 'hub' }, agent: { to: '$node' }, tracer: true, tunnel: true },
  }),
  hello: subject({
    pattern: 'postern.hub.hello.{node}.{key}',
    summary: 'An agent asks any hub for a place as an instance of its node.',
    body: messages.hello,
    answer: messages.helloAnswer,
    publish: { agent: { node: '$node', key: '$key' } },
    subscribe: { hub: true, watcher: true, tracer: true },
  }),
  bye: subject({
    pattern: 'postern.hub.bye.{node}.{key}',
    summary: 'An instance tells that it drains or has stopped.',
    body: messages.bye,
    publish: { agent: { node: '$node', key: '$key' }, tunnel: true },
    subscribe: { hub: true, watcher: true, tracer: true },
  }),
  notice: subject({
    pattern: 'postern.node.notice.{node}',
    summary: 'A hub tells an instance of a node that it was superseded or revoked, or shall say hello again.',
    body: messages.notice,
    publish: { hub: true },
    subscribe: { agent: { node: '$node' }, watcher: true, tracer: true, tunnel: true },
  }),
  operate: subject({
    pattern: 'postern.node.operate.{node}.{boot}',
    summary:
      'A hub tells an actor of an agent what an operator wants of it; `any` stands for whichever process has it.',
    body: operating.operateOrder,
    publish: { hub: true },
    subscribe: { agent: { node: '$node' }, watcher: true, tracer: true },
  }),
  operated: subject({
    pattern: 'postern.hub.operated.{node}.{key}',
    summary: 'An agent tells what became of it.',
    body: operating.operateAnswer,
    publish: { agent: { node: '$node', key: '$key' } },
    subscribe: { hub: true, watcher: true, tracer: true },
  }),
  describe: subject({
    pattern: 'postern.node.describe.{node}',
    summary: 'A hub asks the agents of a node what a machine of theirs runs by that the hub does not have.',
    body: operating.describeOrder,
    publish: { hub: true },
    subscribe: { agent: { node: '$node' }, watcher: true, tracer: true },
  }),
  described: subject({
    pattern: 'postern.hub.described.{node}.{key}',
    summary: 'An agent tells it.',
    body: operating.describeAnswer,
    publish: { agent: { node: '$node', key: '$key' } },
    subscribe: { hub: true, watcher: true, tracer: true },
  }),
  beat: subject({
    pattern: 'postern.hub.beat.{hub}',
    summary: 'A hub tells the other hubs that it is there.',
    body: messages.beat,
    publish: { hub: true },
    subscribe: { hub: true, watcher: true, tracer: true },
  }),
  kept: subject({
    pattern: 'postern.hub.kept.{role}.{key}',
    summary: 'Somebody who follows a kept subject asks any hub for the messages behind the last one it has.',
    body: messages.keptRequest,
    answer: messages.keptAnswer,
    publish: {
      watcher: { role: 'watcher', key: '$key' },
      tracer: { role: 'tracer', key: '$key' },
      controller: { role: 'controller', key: '$key' },
    },
    subscribe: { hub: true, watcher: true, tracer: true },
  }),
  calls: subject({
    pattern: 'postern.hub.calls.{hub}.{part}',
    summary:
      'What calls ended at a hub within a second, by node and method; nothing where none did. `part` counts from 0 where one message is not enough.',
    body: callSummary,
    publish: { hub: true },
    subscribe: { hub: true, watcher: true, tracer: true },
    keep: { stream: 'POSTERN_CALLS', perSubject: 64, maxAgeMs: 60_000, maxBytes: 32 << 20 },
  }),
  nodeTransition: subject({
    pattern: 'postern.inspect.node.{node}',
    summary: "A transition of a node's machine.",
    body: messages.transition,
    publish: { hub: true },
    subscribe: { hub: true, watcher: true, tracer: true },
    keep: keptTransitions('POSTERN_INSPECT_NODE', 32),
  }),
  linkTransition: subject({
    pattern: 'postern.inspect.link.{node}.{boot}',
    summary: "A transition of the machine of an agent's link.",
    body: messages.transition,
    publish: { agent: { node: '$node' } },
    subscribe: { hub: true, watcher: true, tracer: true },
    keep: keptTransitions('POSTERN_INSPECT_LINK', 32),
  }),
  daemonTransition: subject({
    pattern: 'postern.inspect.daemon.{node}.{boot}',
    summary: 'A transition of the machine of the daemon beside an agent.',
    body: messages.transition,
    publish: { agent: { node: '$node' } },
    subscribe: { hub: true, watcher: true, tracer: true },
    keep: keptTransitions('POSTERN_INSPECT_DAEMON', 8),
  }),
  processTransition: subject({
    pattern: 'postern.inspect.process.{node}.{boot}',
    summary: 'A transition of the machine of the process that an agent supervises.',
    body: messages.transition,
    publish: { agent: { node: '$node' } },
    subscribe: { hub: true, watcher: true, tracer: true },
    keep: keptTransitions('POSTERN_INSPECT_PROCESS', 8),
  }),
  reliabilityTransition: subject({
    pattern: 'postern.inspect.reliability.{node}.{boot}',
    summary: 'A transition of the machine of the outages by lot of an agent.',
    body: messages.transition,
    publish: { agent: { node: '$node' } },
    subscribe: { hub: true, watcher: true, tracer: true },
    keep: keptTransitions('POSTERN_INSPECT_RELIABILITY', 8),
  }),
  testTransition: subject({
    pattern: 'postern.inspect.test.{node}.{run}.{test}',
    summary: "A transition of the machine of a test on an agent's daemon.",
    body: messages.transition,
    publish: { agent: { node: '$node' } },
    subscribe: { hub: true, watcher: true, tracer: true },
    keep: keptTransitions('POSTERN_INSPECT_TEST', 24),
  }),
  runTransition: subject({
    pattern: 'postern.inspect.run.{run}',
    summary: "A transition of a run's machine.",
    body: messages.transition,
    publish: { controller: true },
    subscribe: { hub: true, watcher: true, tracer: true, controller: true },
    keep: keptTransitions('POSTERN_INSPECT_RUN', 8),
  }),
  runProgress: subject({
    pattern: 'postern.run.progress.{run}',
    summary: 'How far the nodes of a run are, as its controller sees it while it goes on.',
    body: runs.runProgress,
    publish: { controller: true },
    subscribe: { hub: true, watcher: true, tracer: true, controller: true },
  }),
  operateRun: subject({
    pattern: 'postern.run.operate.{run}',
    summary: 'A hub tells the controllers what an operator wants of a run.',
    body: operating.operateOrder,
    publish: { hub: true },
    subscribe: { controller: true, watcher: true, tracer: true },
  }),
  operatedRun: subject({
    pattern: 'postern.run.operated.{run}',
    summary: 'A controller tells what became of it.',
    body: operating.operateAnswer,
    publish: { controller: true },
    subscribe: { hub: true, watcher: true, tracer: true },
  }),
  faultTransition: subject({
    pattern: 'postern.inspect.fault.{node}.{run}.{fault}',
    summary: 'A transition of the machine of a fault that an agent injects.',
    body: messages.transition,
    publish: { agent: { node: '$node' } },
    subscribe: { hub: true, watcher: true, tracer: true },
    keep: keptTransitions('POSTERN_INSPECT_FAULT', 8),
  }),
  activity: subject({
    pattern: 'postern.activity.{kind}.{node}.{service}.{method}',
    summary:
      'What happened at a hub: calls to nodes, and instances that came and went. `-` stands for no node or method.',
    body: activity,
    publish: { hub: true },
    subscribe: { hub: true, watcher: true, tracer: true },
    keep: {
      stream: 'POSTERN_ACTIVITY',
      maxBytes: 256 << 20,
      onDisk: { maxMessages: 1_000_000, maxAgeMs: 24 * 3_600_000 },
    },
  }),
  resultBatch: subject({
    pattern: 'postern.hub.results.{node}.{key}',
    summary: "An agent asks any hub to store the next records of a test's journal, or how far the stream is.",
    body: results.resultBatch,
    answer: results.resultAnswer,
    publish: { agent: { node: '$node', key: '$key' } },
    subscribe: { hub: true, watcher: true, tracer: true },
  }),
  logPart: subject({
    pattern: 'postern.logs.{node}.{key}',
    summary: 'An agent asks any hub to store the next part of a log file, or how much of it is there.',
    body: logPart,
    answer: logAnswer,
    publish: { agent: { node: '$node', key: '$key' } },
    subscribe: { hub: true, tracer: true },
  }),
  results: subject({
    pattern: 'postern.results.{run}.{node}.{journal}',
    summary: "The records of a test's journal on one node, in order and without a gap.",
    body: results.results,
    publish: { hub: true },
    subscribe: { hub: true, watcher: true, tracer: true, controller: true },
    keep: keptResults,
  }),
  resultsClosed: subject({
    pattern: 'postern.results.{run}.closed',
    summary: 'A run is closed: agents drop its journals.',
    body: results.resultsClosed,
    publish: { hub: true, controller: true },
    subscribe: { hub: true, watcher: true, tracer: true },
    keep: keptResults,
  }),
  accountsAuth: subject({
    pattern: 'postern.accounts.auth.{method}.{key}',
    summary:
      'A face of the account services asks any of their processes about an address, a code or a token.',
    body: accounts.accountRequest,
    answer: accounts.accountAnswer,
    publish: { accounts: { key: '$key' } },
    subscribe: { accounts: true, tracer: true },
  }),
  accountsStorage: subject({
    pattern: 'postern.accounts.storage.{method}.{key}',
    summary: 'One asks about a profile.',
    body: accounts.accountRequest,
    answer: accounts.accountAnswer,
    publish: { accounts: { key: '$key' } },
    subscribe: { accounts: true, tracer: true },
  }),
  accountsRooms: subject({
    pattern: 'postern.accounts.rooms.{method}.{key}',
    summary: 'One asks about a room.',
    body: accounts.accountRequest,
    answer: accounts.accountAnswer,
    publish: { accounts: { key: '$key' } },
    subscribe: { accounts: true, tracer: true },
  }),
} as const;
