/**
 * Every state machine of Postern with samples of every event that it takes: what path tests walk and what charts
 * are drawn from.
 */
import { daemonMachine } from './daemon.js';
import type { DaemonEvent } from './daemon-events.js';
import { faultMachine } from './fault.js';
import type { FaultEvent } from './fault-events.js';
import { linkMachine } from './link.js';
import type { LinkEvent } from './link-events.js';
import { nodeMachine } from './node.js';
import type { NodeEvent } from './node-events.js';
import type { ProcessEvent } from './process-events.js';
import { reliabilityMachine } from './reliability.js';
import type { ReliabilityEvent } from './reliability-events.js';
import { runMachine } from './run.js';
import type { RunEvent } from './run-events.js';
import { processMachine } from './supervised-process.js';
import { testMachine } from './test.js';
import type { TestEvent } from './test-events.js';

/** For each type of event, at least one event of that type. */
type Samples<E extends { type: string }> = {
  readonly [T in E['type']]: readonly [Extract<E, { type: T }>, ...Extract<E, { type: T }>[]];
};

/** Samples of what may happen to a daemon. */
export const daemonSamples: Samples<DaemonEvent> = {
  START: [{ type: 'START' }],
  TARGETED: [
    { type: 'TARGETED', target: '127.0.0.1:9091' },
    { type: 'TARGETED', target: '127.0.0.1:9191' },
  ],
  ASKED: [{ type: 'ASKED' }],
  ANSWERED: [{ type: 'ANSWERED', identity: { dialect: 'weshnet', peer: '12D3Koo' }, pid: 4711 }],
  PROBE_FAILED: [{ type: 'PROBE_FAILED', code: 'DAEMON_UNREACHABLE', message: 'nobody listens there' }],
  LOST: [{ type: 'LOST', reason: 'connection reset' }],
  STOP: [{ type: 'STOP' }],
};

/** Samples of what may happen to a fault that begins at 10 s and lasts 5 s. */
export const faultSamples: Samples<FaultEvent> = {
  ARMED: [
    { type: 'ARMED', atMs: 1_000 },
    { type: 'ARMED', atMs: 15_000 },
  ],
  BEGUN: [
    { type: 'BEGUN', atMs: 10_000 },
    { type: 'BEGUN', atMs: 15_000 },
  ],
  REFUSED: [{ type: 'REFUSED', code: 'UNSUPPORTED', message: 'there is no nft' }],
  INJECTED: [{ type: 'INJECTED', by: 'nft', atMs: 10_010 }],
  HEAL_ASKED: [{ type: 'HEAL_ASKED' }],
  BOOTED: [{ type: 'BOOTED' }],
  HEALED: [
    { type: 'HEALED', atMs: 15_000 },
    { type: 'HEALED', atMs: 12_000, code: 'AGENT_ENDED', message: 'the agent ended while it acted' },
  ],
  HEAL_FAILED: [{ type: 'HEAL_FAILED', code: 'DAEMON_NOT_STARTED', message: 'it ended at once' }],
  SOUNDED: [{ type: 'SOUNDED' }],
  PROVEN: [
    { type: 'PROVEN', outcome: 'confirmed', reason: 'nothing came through while it acted' },
    { type: 'PROVEN', outcome: 'mismatch', reason: 'it came through' },
  ],
};

/** Samples of what may happen to a link. */
export const linkSamples: Samples<LinkEvent> = {
  START: [{ type: 'START' }],
  DIALED: [{ type: 'DIALED' }],
  DIAL_FAILED: [
    { type: 'DIAL_FAILED', code: 'UNREACHABLE', message: 'nobody listens there' },
    { type: 'DIAL_FAILED', code: 'TOKEN_INVALID', message: 'no such token' },
  ],
  HELLO_ACCEPTED: [{ type: 'HELLO_ACCEPTED', instance: '3-a', epoch: 3, hub: 'h1', pingIntervalMs: 2000 }],
  HELLO_REFUSED: [
    { type: 'HELLO_REFUSED', code: 'retry', message: 'the registry does not answer' },
    { type: 'HELLO_REFUSED', code: 'occupied', message: 'another key serves this node' },
    { type: 'HELLO_REFUSED', code: 'superseded', message: 'a newer process has the place' },
    { type: 'HELLO_REFUSED', code: 'revoked', message: 'the key was revoked' },
    { type: 'HELLO_REFUSED', code: 'version', message: 'the hub speaks version 2' },
  ],
  HELLO_FAILED: [{ type: 'HELLO_FAILED', code: 'NO_ANSWER', message: 'no hub answered' }],
  HUB_SILENT: [{ type: 'HUB_SILENT' }],
  HUB_HEARD: [{ type: 'HUB_HEARD' }],
  DISCONNECTED: [{ type: 'DISCONNECTED', reason: 'connection reset' }],
  RECONNECTED: [{ type: 'RECONNECTED' }],
  BUS_CLOSED: [{ type: 'BUS_CLOSED', reason: 'credentials refused' }],
  NOTICED_SUPERSEDED: [{ type: 'NOTICED_SUPERSEDED', message: 'a newer process has the place' }],
  NOTICED_REVOKED: [{ type: 'NOTICED_REVOKED', message: 'the key was revoked' }],
  NOTICED_HELLO: [{ type: 'NOTICED_HELLO' }],
  RETRY_ASKED: [{ type: 'RETRY_ASKED' }],
  DRAIN: [{ type: 'DRAIN' }],
  DRAINED: [{ type: 'DRAINED' }],
  STOP: [{ type: 'STOP' }],
};

/** Samples of what may happen to a node: instance `1-a` does not share, `2-b` and `3-c` do. */
export const nodeSamples: Samples<NodeEvent> = {
  CLAIMED: [
    { type: 'CLAIMED', instance: '1-a', epoch: 1, share: false },
    { type: 'CLAIMED', instance: '2-b', epoch: 2, share: true },
    { type: 'CLAIMED', instance: '3-c', epoch: 3, share: true },
  ],
  HEARD: [
    { type: 'HEARD', instance: '1-a', roundTripUs: 300 },
    { type: 'HEARD', instance: '2-b', roundTripUs: 300 },
    { type: 'HEARD', instance: '3-c', roundTripUs: 300 },
  ],
  PING_ROUND: [{ type: 'PING_ROUND' }],
  UNREACHABLE: [
    { type: 'UNREACHABLE', instance: '1-a' },
    { type: 'UNREACHABLE', instance: '2-b' },
  ],
  BYE: [
    { type: 'BYE', instance: '1-a', reason: 'draining' },
    { type: 'BYE', instance: '2-b', reason: 'draining' },
    { type: 'BYE', instance: '1-a', reason: 'stopped' },
    { type: 'BYE', instance: '2-b', reason: 'stopped' },
  ],
  CALLS_CHANGED: [
    { type: 'CALLS_CHANGED', open: 0 },
    { type: 'CALLS_CHANGED', open: 2 },
  ],
  KICK_ASKED: [
    { type: 'KICK_ASKED', instance: '1-a' },
    { type: 'KICK_ASKED', instance: '2-b' },
  ],
  DRAIN_ASKED: [{ type: 'DRAIN_ASKED' }],
  RESUME_ASKED: [{ type: 'RESUME_ASKED' }],
  REVOKED: [{ type: 'REVOKED' }],
  ALLOWED: [{ type: 'ALLOWED' }],
};

/** Samples of what may happen to a supervised process. */
export const processSamples: Samples<ProcessEvent> = {
  START: [{ type: 'START' }],
  LAUNCHED: [{ type: 'LAUNCHED', pid: 4711 }],
  LAUNCH_FAILED: [{ type: 'LAUNCH_FAILED', message: 'no such program' }],
  EXITED: [{ type: 'EXITED', how: 'exit status 3' }],
  GONE: [{ type: 'GONE' }],
  KEEPER_LOST: [{ type: 'KEEPER_LOST', message: 'the keeper ended by SIGKILL' }],
  STOP: [{ type: 'STOP' }],
};

/** Samples of what may happen to outages by lot, of which one is due at 20 s and lasts 10 s. */
export const reliabilitySamples: Samples<ReliabilityEvent> = {
  SET: [{ type: 'SET', timeoutMs: 10_000, odds: 3, lotsOf: 's1', drawn: 0, hits: 0, dueMs: 20_000 }],
  SWITCHED_OFF: [{ type: 'SWITCHED_OFF' }],
  DRAWN: [
    { type: 'DRAWN', number: 1, hit: true, atMs: 20_000 },
    { type: 'DRAWN', number: 1, hit: false, atMs: 20_000 },
  ],
  DRAW_FAILED: [{ type: 'DRAW_FAILED', code: 'DATA_UNUSABLE', message: 'no room is left', atMs: 20_000 }],
  OUTAGE_BEGUN: [{ type: 'OUTAGE_BEGUN', by: 'link by userspace' }],
  OUTAGE_REFUSED: [{ type: 'OUTAGE_REFUSED', code: 'NFT_FAILED', message: 'nft failed' }],
  STOP: [{ type: 'STOP' }],
};

/** Samples of what may happen to a run, the times of which are made up. */
export const runSamples: Samples<RunEvent> = {
  LOADED: [
    {
      type: 'LOADED',
      atMs: 10,
      patience: { gatherMs: 1_000, groupMs: 1_000, readyMs: 1_000, collectMs: 1_000 },
    },
  ],
  REFUSED: [{ type: 'REFUSED', atMs: 10, message: 'there is no group' }],
  GATHERED: [
    { type: 'GATHERED', atMs: 20, control: true, lastsMs: { control: 500, main: 5_000 }, settleMs: 3_000 },
    { type: 'GATHERED', atMs: 20, control: false, lastsMs: { control: 0, main: 5_000 }, settleMs: 3_000 },
    {
      ...{ type: 'GATHERED', atMs: 20, control: true, settleMs: 3_000 },
      lastsMs: { joining: 2_000, control: 500, main: 5_000 },
    },
  ],
  GROUPED: [{ type: 'GROUPED', atMs: 30 }],
  READY: [{ type: 'READY', atMs: 40 }],
  HEALED: [{ type: 'HEALED', atMs: 45 }],
  T0_CHOSEN: [
    { type: 'T0_CHOSEN', atMs: 50, phase: 'joining', t0Ms: 500 },
    { type: 'T0_CHOSEN', atMs: 50, phase: 'control', t0Ms: 1_000 },
    { type: 'T0_CHOSEN', atMs: 50, phase: 'main', t0Ms: 2_000 },
  ],
  ARMED: [{ type: 'ARMED', atMs: 60 }],
  SENT: [{ type: 'SENT', atMs: 7_000 }],
  SETTLED: [{ type: 'SETTLED', atMs: 10_000 }],
  COLLECTED: [{ type: 'COLLECTED', atMs: 11_000 }],
  JUDGED: [
    { type: 'JUDGED', atMs: 12_000, verdict: 'pass' },
    { type: 'JUDGED', atMs: 12_000, verdict: 'fail' },
    { type: 'JUDGED', atMs: 12_000, verdict: 'unknown' },
  ],
  QUIET: [{ type: 'QUIET', atMs: 9_000 }],
  ABORTED: [{ type: 'ABORTED', atMs: 8_000, by: 'alice', reason: 'enough' }],
  STUCK: [{ type: 'STUCK', atMs: 8_000, step: 'grouping', message: 'south cannot be reached' }],
};

/** Samples of what may happen to a test; message 1 is sent twice and must not be. */
export const testSamples: Samples<TestEvent> = {
  ARMED: [{ type: 'ARMED', startAtMs: 1000 }],
  STARTED: [{ type: 'STARTED' }],
  INTENDED: [
    { type: 'INTENDED', seq: 1 },
    { type: 'INTENDED', seq: 2 },
  ],
  SETTLED: [
    { type: 'SETTLED', result: 'ok' },
    { type: 'SETTLED', result: 'unknown' },
  ],
  RECEIVED: [{ type: 'RECEIVED' }],
  SLIPPED: [{ type: 'SLIPPED' }],
  HUB_CHANGED: [
    { type: 'HUB_CHANGED', up: true },
    { type: 'HUB_CHANGED', up: false },
  ],
  DAEMON_CHANGED: [
    { type: 'DAEMON_CHANGED', up: true },
    { type: 'DAEMON_CHANGED', up: false },
  ],
  BOOTED: [{ type: 'BOOTED' }],
  SENDS_ENDED: [{ type: 'SENDS_ENDED', atMs: 3000 }],
  STOP_ASKED: [{ type: 'STOP_ASKED', by: 'somebody', reason: 'enough', atMs: 2000 }],
  FINISHED: [{ type: 'FINISHED' }],
  FAILED: [{ type: 'FAILED', code: 'DISK_FULL', message: 'there is no room left' }],
};

/** The machines by name, with an input to start one and the samples of its events. */
export const machines = {
  daemon: { machine: daemonMachine, input: { target: '127.0.0.1:9091' }, samples: daemonSamples },
  fault: {
    machine: faultMachine,
    input: { run: 'r1', fault: 'f1', kind: 'link', startAtMs: 10_000, forMs: 5_000 },
    samples: faultSamples,
  },
  link: { machine: linkMachine, input: { ways: ['first', 'second'] }, samples: linkSamples },
  node: { machine: nodeMachine, input: { node: 'attic' }, samples: nodeSamples },
  process: { machine: processMachine, input: undefined, samples: processSamples },
  reliability: { machine: reliabilityMachine, input: undefined, samples: reliabilitySamples },
  run: { machine: runMachine, input: { run: 'r1', atMs: 0 }, samples: runSamples },
  test: {
    machine: testMachine,
    input: { run: 'r1', test: 't1', settleMs: 500, sendMs: 10_000 },
    samples: testSamples,
  },
} as const;
