import { status } from '@grpc/grpc-js';
import { PosternError } from '../../errors.js';
import type { Member, Test, TestSpec, TestsServiceServer } from '../../gen/postern/v1/tests.js';
import { joinAborts } from '../../joined-abort.js';
import type { Logger } from '../../log.js';
import type { DaemonAdapter } from '../adapters/adapter.js';
import type { DaemonWatch } from '../adapters/daemon-watch.js';
import type { Journal } from '../journal/journal.js';
import { ownMethods } from '../own-method.js';
import { commandedMethods, commandOf, doerOf } from './commanded.js';
import { mustNotRefuseImages, mustTakeImages } from './media-support.js';
import type { NodeTests } from './node-tests.js';
import { armOnce, startOnce, stopOnce } from './once.js';
import type { RunBook } from './run-book.js';
import { sendWindowMs } from './schedule.js';
import { readTestSpec } from './spec.js';

/** The longest that what others sent is waited for, milliseconds. */
const longestSettleMs = 26 * 3_600_000;

/** A daemon that does not serve is waited for so long, milliseconds: whoever asks is told why before they give up. */
const serveWithinMs = 10_000;

/** gRPC status of what is thrown here. */
const statusOf: Readonly<Record<string, status>> = {
  TEST_INVALID: status.INVALID_ARGUMENT,
  RECORD_INVALID: status.INVALID_ARGUMENT,
  INVITE_INVALID: status.INVALID_ARGUMENT,
  GROUP_INVALID: status.INVALID_ARGUMENT,
  RUN_INVALID: status.INVALID_ARGUMENT,
  TEST_UNKNOWN: status.NOT_FOUND,
  TEST_EXISTS: status.ALREADY_EXISTS,
  TEST_STATE: status.FAILED_PRECONDITION,
  SUPERSEDED: status.FAILED_PRECONDITION,
  RUN_UNREADABLE: status.DATA_LOSS,
  DATA_UNUSABLE: status.RESOURCE_EXHAUSTED,
  TOO_MANY_RUNS: status.RESOURCE_EXHAUSTED,
  TOO_MANY_GROUPS: status.RESOURCE_EXHAUSTED,
  TOO_MANY_TESTS: status.RESOURCE_EXHAUSTED,
  DISK_FULL: status.RESOURCE_EXHAUSTED,
  JOURNAL_UNREADABLE: status.FAILED_PRECONDITION,
  UNSUPPORTED: status.UNIMPLEMENTED,
  DAEMON_UNREACHABLE: status.UNAVAILABLE,
  DAEMON_UNKNOWN: status.FAILED_PRECONDITION,
  DAEMON_REFUSED: status.FAILED_PRECONDITION,
};

/** `postern.v1.TestsService`: what an agent does with the daemon beside it. */
export function testsService(options: {
  readonly tests: NodeTests;
  readonly book: RunBook;
  readonly daemon: DaemonWatch;
  readonly node: string;
  readonly log: Logger;
}): TestsServiceServer {
  const { tests, book, daemon, node, log } = options;
  const method = ownMethods(statusOf, log);
  const commanded = commandedMethods(method, book);
  const told = (journal: Journal): { test: Test } => ({ test: testOf(journal, tests.drained(journal)) });
  const serving = async (signal: AbortSignal): Promise<DaemonAdapter> => {
    const soon = joinAborts([signal], serveWithinMs);
    return daemon.serving(soon.signal).finally(soon.release);
  };
  const memberOf = async (group: string, signal: AbortSignal): Promise<{ group: string; member: Member }> => {
    const adapter = await serving(signal);
    return { group, member: await adapter.membership({ id: group }, signal) };
  };
  return {
    getDaemon: method(async () => daemon.facts),
    getTime: method(async () => ({ nowMs: Date.now() })),
    createGroup: commanded(async (request, signal) => {
      const { name } = request;
      const make = async () => (await (await serving(signal)).createGroup(signal)).id;
      return memberOf(name === '' ? await make() : await book.group(commandOf(request), name, make), signal);
    }),
    createInvite: commanded(async ({ group, name }, signal) => {
      const invite = await (await serving(signal)).invite({ id: group }, name, signal);
      return { invite: Buffer.from(invite) };
    }),
    joinGroup: commanded(async ({ invite }, signal) => {
      const { id } = await (await serving(signal)).join(invite, signal);
      return memberOf(id, signal);
    }),
    awaitReady: commanded(async ({ group, writer }, signal) => {
      if (writer === undefined)
        throw new PosternError('TEST_INVALID', 'it does not say whom to be able to read');
      await (await serving(signal)).ready({ id: group }, writer, signal);
      return {};
    }),
    createTest: commanded(async (request, signal) => {
      const { run, test, spec, settleMs } = request;
      const asked = { ...spec };
      const read = readTestSpec(asked);
      if (!(settleMs >= 0 && settleMs <= longestSettleMs)) {
        throw new PosternError(
          'TEST_INVALID',
          `a settle time of ${settleMs} ms is not between 0 and 26 hours`,
        );
      }
      const known = tests.all(run).some(({ created }) => created.test === test);
      if (read.type === 'media' && !known) {
        mustTakeImages(await serving(signal));
        await book.admit(commandOf(request)); // another may have taken over meanwhile
      }
      const sendMs = Math.ceil(sendWindowMs(read));
      return told(
        await tests.create({ run, test, node, settleMs: Math.round(settleMs), sendMs, spec: asked }),
      );
    }),
    armTest: commanded(async (request, signal) => {
      const { run, test, startAtMs, offsetMs, errorMs } = request;
      const journal = tests.find(run, test);
      const isNew = journal.state === 'created' && journal.created.spec.type === 'media';
      if (isNew) {
        await mustNotRefuseImages(daemon, signal);
        await book.admit(commandOf(request));
      }
      const arming = {
        t0: startAtMs,
        startAt: startAtMs - offsetMs,
        offset: offsetMs,
        error: errorMs,
      };
      await armOnce(journal, arming, doerOf(request));
      return told(journal);
    }),
    startTest: commanded(async ({ run, test }) => {
      const journal = tests.find(run, test);
      await startOnce(journal, Date.now());
      return told(journal);
    }),
    stopTest: commanded(async (request) => {
      const { run, test, reason, settleMs } = request;
      const journal = tests.find(run, test);
      await stopOnce(journal, reason, settleMs, doerOf(request));
      return told(journal);
    }),
    listTests: method(async ({ run }) => ({
      tests: tests.all(run).map((journal) => testOf(journal, tests.drained(journal))),
    })),
  };
}

function testOf(journal: Journal, drained: number): Test {
  const { created, state } = journal;
  const { context } = journal.snapshot();
  const { results, stop, error } = context;
  return {
    run: created.run,
    test: created.test,
    state,
    spec: specOf(created.spec),
    startAtMs: context.startAtMs ?? 0,
    lastSeq: context.lastSeq,
    ...results,
    open: context.open,
    received: context.received,
    slips: context.slips,
    boots: context.boots,
    recorded: journal.safe,
    drained,
    reason: error?.message ?? stop?.reason ?? '',
  };
}

/** What was asked for, as it was recorded. */
function specOf(spec: Readonly<Record<string, unknown>>): TestSpec {
  const text = (name: string): string => String(spec[name] ?? '');
  const number = (name: string): number => Number(spec[name] ?? 0);
  return {
    type: text('type'),
    group: text('group'),
    size: number('size'),
    intervalMs: number('intervalMs'),
    amount: number('amount'),
    method: text('method'),
    requestJson: text('requestJson'),
  };
}
