import type { PlannedTest } from '../../../../src/controller/plan/plan.js';
import type { Random } from '../../../system/chaos/random.js';
import { settleMs } from './make-plan.js';
import type { About, Line, Loose, Sheet, TrueSend, World } from './world.js';

/** A time in which the receiver does not listen: its subscription broke, or its agent was restarted. */
interface Deafness {
  readonly fromAt: number;
  readonly toAt: number;
  readonly isBoot: boolean;
}

/** Writes down what one node would of one test. */
export function makeSheet(world: World, test: PlannedTest, node: string, random: Random): Sheet {
  const offset = world.offsets.get(node) ?? 0;
  const lines: { atTrue: number; order: number; line: Line }[] = [];
  /** Adds a line at a true time; what was added before at the same time comes before. */
  const write = (atTrue: number, entry: (at: number) => Loose, about?: About): void => {
    const record = entry(atTrue - offset);
    lines.push({ atTrue, order: lines.length, line: about === undefined ? { record } : { record, about } });
  };
  const t0 = world.facts.t0[test.phase] ?? 0;
  const armedAt = t0 - 500;
  const sendsEndAt = t0 + test.afterMs + test.amount * test.intervalMs + 1_200;
  const readAt = sendsEndAt + settleMs / 2;
  const finishedAt = sendsEndAt + settleMs;
  const journal = `j-${node}-${test.test}`;
  const isCall = test.workload.type === 'call';

  write(armedAt - 100, (at) => ({
    at,
    k: 'created',
    v: 1,
    run: 'r1',
    test: test.test,
    node,
    journal,
    settleMs,
    sendMs: 1_000,
    spec: {},
  }));
  write(armedAt - 90, (at) => ({ at, k: 'boot', boot: 1, version: '1', cut: 0 }));
  write(armedAt, (at) => ({
    at,
    k: 'armed',
    t0,
    startAt: t0 - offset,
    offset: offset + random.below(5),
    error: 5,
  }));
  write(t0, (at) => ({ at, k: 'started' }));
  for (const what of ['hub', 'daemon'] as const) {
    if (random.below(3) > 0) continue;
    const downAt = t0 + random.below(2_000);
    write(downAt, (at) => ({ at, k: what, up: false, reason: 'it went' }));
    write(downAt + random.below(2_000), (at) => ({ at, k: what, up: true }));
  }
  for (const { fault, node: of, fromAt, toAt } of world.faults) {
    if (of !== node || test.phase === 'control') continue;
    const data = (phase: string, at: number) => ({ fault, kind: 'link', phase, by: 'nft', at });
    write(fromAt, (at) => ({ at, k: 'note', topic: 'fault', data: data('injected', at) }));
    write(toAt, (at) => ({ at, k: 'note', topic: 'fault', data: data('healed', at) }));
  }
  for (const send of world.sends)
    if (send.test === test && send.sender === node) writeSend(send, write, offset);
  write(sendsEndAt, (at) => ({ at, k: 'ended' }));
  if (!isCall) {
    const deaf = drawDeafness(t0, sendsEndAt, random);
    for (const [at, { fromAt, toAt, isBoot }] of deaf.entries()) {
      const boots = deaf.slice(0, at + 1).filter((one) => one.isBoot).length;
      if (isBoot) write(fromAt, (when) => ({ at: when, k: 'boot', boot: boots + 1, version: '1', cut: 0 }));
      if (isBoot) write(fromAt + 1, (when) => ({ at: when, k: 'hub', up: true }));
      write(toAt, (when) => ({ at: when, k: 'note', topic: 'subscription live', data: {} }));
    }
    writeReceipts(world, test, node, { write, deaf, random });
    writeReading(world, test, { write, readAt, random, boots: deaf.filter(({ isBoot }) => isBoot).length });
  }
  write(finishedAt, (at) => ({ at, k: 'note', topic: 'end', data: {} }));
  lines.sort((one, other) => one.atTrue - other.atTrue || one.order - other.order);
  return { node, test, journal, lines: lines.map(({ line }) => line), damage: undefined };
}

type Write = (atTrue: number, entry: (at: number) => Loose, about?: About) => void;

function writeSend(send: TrueSend, write: Write, offset: number): void {
  const { sender, seq, fate, wasOffered, hash, event, dueAt, sentAt, ackAt } = send;
  const due = dueAt - offset;
  const late = sentAt - dueAt;
  if (fate === 'skipped') {
    const about: About = { sender, seq, way: 'skip' };
    write(sentAt, (at) => ({ at, k: 'slip', seq, due, late: 1_500, sent: false }), about);
    return;
  }
  if (late > 100) write(sentAt, (at) => ({ at, k: 'slip', seq, due, late, sent: true }));
  write(sentAt, (at) => ({ at, k: 'intent', seq, due, size: 100, hash }), { sender, seq, way: 'intent' });
  const times = { sentAt: sentAt - offset, ackAt: ackAt - offset };
  const about: About = { sender, seq, way: 'outcome' };
  write(
    ackAt,
    (at) => {
      if (fate === 'ok') return { at, k: 'outcome', seq, result: fate, id: event, ...times };
      if (fate === 'unknown') return { at, k: 'outcome', seq, result: fate };
      if (fate === 'fail' && !wasOffered) {
        return {
          at,
          k: 'outcome',
          seq,
          result: fate,
          ackAt: times.ackAt,
          code: 'AWAY',
          message: 'nobody is there',
        };
      }
      return { at, k: 'outcome', seq, result: fate, ...times, code: 'NOT_SO', message: 'it did not work' };
    },
    about,
  );
}

function drawDeafness(fromAt: number, toAt: number, random: Random): Deafness[] {
  const found: Deafness[] = [];
  let at = fromAt + random.below(1_500);
  while (at < toAt - 800 && found.length < 3 && random.below(3) > 0) {
    const end = at + 20 + random.below(250);
    found.push({ fromAt: at, toAt: end, isBoot: random.below(3) === 0 });
    at = end + 10 + random.below(1_500);
  }
  return found;
}

/** The subscription that is on at a time: each boot counts its own. */
function subscriptionAt(deaf: readonly Deafness[], at: number): number {
  const past = deaf.filter(({ toAt }) => toAt <= at);
  const boot = past.findLastIndex(({ isBoot }) => isBoot);
  return past.length - boot;
}

function writeReceipts(
  world: World,
  test: PlannedTest,
  node: string,
  { write, deaf, random }: { write: Write; deaf: readonly Deafness[]; random: Random },
): void {
  /** By sender: when the one before came. What one sends comes in its order. */
  const before = new Map<string, number>();
  const known: { send: TrueSend; cameAt: number }[] = [];
  for (const send of world.sends) {
    if (send.test !== test || !send.exists) continue;
    const arrived = arrivalOf(world, send, node, before.get(send.sender) ?? 0, random);
    before.set(send.sender, arrived);
    const gap = deaf.find(({ fromAt, toAt }) => fromAt <= arrived && arrived < toAt);
    const cameAt = gap === undefined ? arrived : gap.toAt;
    writeReceipt(write, send, cameAt, gap === undefined ? 'live' : 'replay', subscriptionAt(deaf, cameAt));
    known.push({ send, cameAt });
  }
  for (const { toAt } of deaf) {
    const past = known.filter(({ send, cameAt }) => cameAt < toAt && send.sender !== node);
    if (past.length === 0 || random.below(3) > 0) continue;
    // An event that is known comes again with the new subscription.
    const { send } = random.pick(past);
    writeReceipt(write, send, toAt, random.pick(['live', 'replay']), subscriptionAt(deaf, toAt));
    world.replays++;
  }
}

function writeReceipt(
  write: Write,
  { test, sender, seq, hash, event }: TrueSend,
  cameAt: number,
  how: 'live' | 'replay' | 'final',
  sub: number,
): void {
  write(
    cameAt,
    (at) => ({ at, k: 'receipt', id: event, how, sub, test: test.test, from: sender, seq, hash, size: 100 }),
    { sender, seq, way: how },
  );
}

/** When a message comes, held up by the faults of both ends. */
function arrivalOf(world: World, send: TrueSend, node: string, after: number, random: Random): number {
  const faults = send.test.phase === 'control' ? [] : world.faults;
  const hit = faults.filter((fault) => fault.node === node || fault.node === send.sender);
  let at = Math.max(send.ackAt - 1 + random.below(40), after + 1);
  for (;;) {
    const held = hit.find(({ fromAt, toAt }) => fromAt <= at && at < toAt);
    if (held === undefined || node === send.sender) return at;
    at = held.toAt + 1 + random.below(60);
  }
}

function writeReading(
  world: World,
  test: PlannedTest,
  { write, readAt, random, boots }: { write: Write; readAt: number; random: Random; boots: number },
): void {
  const all = world.sends.filter((send) => send.test === test && send.exists);
  let at = readAt;
  const read = (some: readonly TrueSend[]): void => {
    at += 10;
    write(at, (when) => ({ at: when, k: 'note', topic: 'final reading', data: {} }));
    for (const send of some) {
      at += 1;
      writeReceipt(write, send, at, 'final', 1);
    }
  };
  if (random.below(5) === 0) {
    // An agent that is restarted in the middle of it reads all anew.
    read(all.slice(0, random.below(all.length + 1)));
    at += 10;
    write(at, (when) => ({ at: when, k: 'boot', boot: boots + 2, version: '1', cut: 3 }));
  }
  read(all);
  at += 1;
  write(at, (when) => ({ at: when, k: 'final', sub: 1, complete: true, messages: all.length }));
}
