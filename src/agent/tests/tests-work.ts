import { PosternError } from '../../errors.js';
import type {
  ArmTestRequest,
  AwaitReadyRequest,
  CreateGroupRequest,
  CreateInviteRequest,
  CreateTestRequest,
  GetDaemonResponse,
  JoinGroupRequest,
  ListTestsRequest,
  Member,
  StartTestRequest,
  StopTestRequest,
  Test,
  TestSpec,
} from '../../gen/postern/v1/tests.js';
import { joinAborts } from '../../joined-abort.js';
import type { DaemonAdapter } from '../adapters/adapter.js';
import type { DaemonWatch } from '../adapters/daemon-watch.js';
import type { Journal } from '../journal/journal.js';
import { noteBefore } from './before.js';
import { type Commanded, commandOf, doerOf } from './commanded.js';
import { mustNotRefuseImages, mustTakeImages } from './media-support.js';
import type { NodeTests } from './node-tests.js';
import { armOnce, startOnce, stopOnce } from './once.js';
import type { RunBook } from './run-book.js';
import { longestReceivingMs, sendWindowMs } from './schedule.js';
import { readTestSpec, receivesAll } from './spec.js';

/** The longest that what others sent is waited for, milliseconds. */
const longestSettleMs = 26 * 3_600_000;

/** A daemon that does not serve is waited for so long, milliseconds: whoever asks is told why before they give up. */
const serveWithinMs = 10_000;

/** What a method does; nobody waits for it any more when the signal is aborted. */
export type Work<Q, R> = (request: Q, signal: AbortSignal) => Promise<R>;

/** A group, and who this daemon is in it. */
interface InGroup {
  readonly group: string;
  readonly member: Member;
}

/** What `postern.v1.TestsService` does, for whoever asks in this process. */
export interface TestsWork {
  readonly getDaemon: Work<unknown, GetDaemonResponse>;
  readonly getTime: Work<unknown, { nowMs: number }>;
  readonly createGroup: Work<CreateGroupRequest, InGroup>;
  readonly createInvite: Work<CreateInviteRequest, { invite: Buffer }>;
  readonly joinGroup: Work<JoinGroupRequest, InGroup>;
  readonly awaitReady: Work<AwaitReadyRequest, Record<never, never>>;
  readonly createTest: Work<CreateTestRequest, { test: Test }>;
  readonly armTest: Work<ArmTestRequest, { test: Test }>;
  readonly startTest: Work<StartTestRequest, { test: Test }>;
  readonly stopTest: Work<StopTestRequest, { test: Test }>;
  readonly listTests: Work<ListTestsRequest, { tests: Test[] }>;
}

/** Each method by what it does: it throws `PosternError`s with the codes of `testStatuses`. */
export function testsWork(options: {
  readonly tests: NodeTests;
  readonly book: RunBook;
  readonly daemon: DaemonWatch;
  readonly node: string;
}): TestsWork {
  const { tests, book, daemon, node } = options;
  const commanded =
    <Q extends Commanded, R>(work: Work<Q, R>): Work<Q, R> =>
    async (request, signal) => {
      await book.admit(commandOf(request));
      return work(request, signal);
    };
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
    getDaemon: async () => {
      const { pid, port } = await daemon.vitals();
      return { ...daemon.facts, pid: pid ?? 0, port, rpc: daemon.state === 'serving' };
    },
    getTime: async () => ({ nowMs: Date.now() }),
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
      const all = receivesAll(read);
      const sendMs = all ? longestReceivingMs : Math.ceil(sendWindowMs(read));
      const made = { run, test, node, settleMs: Math.round(settleMs), sendMs, spec: asked };
      const journal = await tests.create(made);
      if (all && journal.state === 'created') {
        await noteBefore(journal, (await serving(signal)).read({ id: asked.group ?? '' }, signal));
      }
      return told(journal);
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
    listTests: async ({ run }) => ({
      tests: tests.all(run).map((journal) => testOf(journal, tests.drained(journal))),
    }),
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
    duplicated: journal.received.duplicated,
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
    ...(spec.everyMessage === true && { everyMessage: true }),
  };
}
