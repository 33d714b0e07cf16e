import assert from 'node:assert/strict';
import { rawCall } from '../../support/raw-grpc.js';
import { cancelled, many, overInTime, roundTrip } from './calls.js';
import { type Held, heapUsed, nothingLeft, whatIsHeld } from './held.js';
import type { StressStage } from './stage.js';

const small = Buffer.alloc(105);
/** After a warm-up of the same kind the heap may be so much larger, bytes. */
const heapSlack = 8 << 20;

/** Runs `work` twice, small first: then nothing may be left of it, and the heap be as it was. */
export async function leavesNothing(
  stage: StressStage,
  work: (stage: StressStage, count: number) => Promise<void>,
  count: number,
): Promise<string> {
  // so that connections, caches and compiled code are there
  await work(stage, Math.ceil(count / 5));
  await nothingLeft(stage, await calm(stage));
  const before = await whatIsHeld(stage);
  const heapBefore = await heapUsed(stage);
  await work(stage, count);
  await nothingLeft(stage, before);
  const heap = await heapUsed(stage);
  const told: string[] = [];
  for (const of of ['hub', 'agent'] as const) {
    const grown = heap[of] - heapBefore[of];
    told.push(`${of} ${(grown / 1e6).toFixed(1)} MB`);
    assert.ok(grown < heapSlack, `the heap of the ${of} grew by ${grown} bytes`);
  }
  return `${count} calls; heap after collection: ${told.join(', ')}`;
}

/** Nothing held for calls, whatever else there is. */
async function calm(stage: StressStage): Promise<Held> {
  const { exact, wavering } = await whatIsHeld(stage);
  const ofCalls = /calls|deadlines|buffered|streams/;
  return {
    exact: new Map([...exact].map(([name, value]) => [name, ofCalls.test(name) ? 0 : value])),
    wavering: new Map([...wavering].map(([name, value]) => [name, value + 1_000])),
  };
}

/** Calls one after the other. */
export async function inARow(stage: StressStage, count: number): Promise<void> {
  const session = await stage.client();
  await many(count, 1, () => roundTrip(session, stage.metadata, small));
  session.close();
}

/** All calls at the same time: each waits until all are open. */
export async function atOnce(stage: StressStage, count: number): Promise<void> {
  const session = await stage.client();
  const calls = Array.from({ length: count }, () => rawCall(session, 'Echo', { ...stage.metadata }));
  for (const call of calls) call.stream.write(small);
  await Promise.all(calls.map((call) => new Promise((resolve) => call.stream.once('data', resolve))));
  for (const call of calls) call.stream.end(small);
  await Promise.all(calls.map(overInTime));
  for (const call of calls) assert.deepEqual([call.status, call.bytes], ['0', 2 * small.length]);
  session.close();
}

/** Connections over which cancels are spread: Node 20 ends one with GOAWAY after about 1,000 resets in a burst. */
const connections = 8;

/** Calls that their clients cancel, each in a phase of its own: at once, when it is answered, in the middle, half-closed. */
export async function cancels(stage: StressStage, count: number): Promise<void> {
  const sessions = await Promise.all(Array.from({ length: connections }, () => stage.client()));
  await many(count, 64, (index) => {
    const session = sessions[index % connections];
    assert.ok(session !== undefined);
    return cancelled(session, stage.metadata, index);
  });
  for (const session of sessions) {
    assert.ok(!session.closed && !session.destroyed, 'the hub has closed no connection');
    session.close();
  }
}

/** Calls whose deadline comes first: half of them never end, half of them never read. */
export async function deadlineHits(stage: StressStage, count: number): Promise<void> {
  const session = await stage.client();
  await many(count, 200, async (index) => {
    const call = rawCall(session, index % 2 === 0 ? 'Silent' : 'Echo', {
      ...stage.metadata,
      'grpc-timeout': `${20 + (index % 30)}m`,
    });
    call.stream.write(small);
    await overInTime(call);
    assert.equal(call.status, '4', call.message);
  });
  session.close();
}
