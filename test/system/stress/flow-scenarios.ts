import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { ClientHttp2Stream } from 'node:http2';
import { rawCall, readAt } from '../../support/raw-grpc.js';
import { openStream } from './calls.js';
import { resident } from './held.js';
import { parts, type StressStage } from './stage.js';

const megabyte = 1 << 20;
/** A reader's pace, bytes a second; the server's `Drip` reads so too. */
const pace = 20_000_000;
/** What each process may grow by, bytes. */
const growth = 64 * megabyte;
const sampleEveryMs = 100;

/** The largest resident memory of all parts while `work` runs. */
async function peak(stage: StressStage, work: Promise<unknown>): Promise<number[]> {
  let most = await resident(stage);
  let running = true;
  const done = work.finally(() => {
    running = false;
  });
  while (running) {
    const now = await resident(stage);
    most = most.map((bytes, i) => Math.max(bytes, now[i] ?? 0));
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, sampleEveryMs))]);
  }
  await done;
  return most;
}

/**
 * Passes `bytes` through hub, NATS and agent at the pace of a slow reader, after a fifth of them to warm up: each
 * process's resident memory (VmRSS) may at no moment be 64 MiB above what it was when the run began.
 */
async function growsLittle(
  stage: StressStage,
  bytes: number,
  run: (bytes: number) => Promise<void>,
): Promise<string> {
  await run(bytes / 5);
  await stage.collectGarbage();
  const before = await resident(stage);
  const most = await peak(stage, run(bytes));
  const grown = most.map((bytes, i) => bytes - (before[i] ?? 0));
  const told = parts.map((part, i) => `${part} ${Math.round((grown[i] ?? 0) / 1e6)} MB`).join(', ');
  assert.ok(
    grown.every((bytes) => bytes < growth),
    `memory grew: ${told}`,
  );
  return `at most above the start: ${told}`;
}

/** A server that sends as fast as it may, and a slow reader. */
export function slowDownload(stage: StressStage, total: number): Promise<string> {
  return growsLittle(stage, total, async (bytes) => {
    const session = await stage.client(megabyte);
    const stream = openStream(session, 'Flow', stage.metadata);
    stream.end();
    let came = 0;
    stream.on('data', (chunk: Buffer) => {
      came += chunk.length;
      if (came >= bytes) stream.close(8);
    });
    await readAt(stream, pace);
    assert.ok(came >= bytes, `${came} bytes came`);
    session.close();
  });
}

/** A client that sends as fast as it may, and a server that reads slowly. */
export function slowUpload(stage: StressStage, total: number): Promise<string> {
  return growsLittle(stage, total, async (bytes) => {
    const session = await stage.client();
    const call = rawCall(session, 'Drip', { ...stage.metadata });
    const chunk = Buffer.alloc(65_536);
    for (let sent = 0; sent < bytes; sent += chunk.length) {
      if (!call.stream.write(chunk)) await drained(call.stream);
    }
    call.stream.end();
    await call.over;
    assert.equal(call.status, '0', call.message);
    session.close();
  });
}

/**
 * Streams that send and are answered at the same time; every third is cancelled in the middle. The others get back
 * exactly what they sent.
 */
export async function bidi(stage: StressStage, streams: number, bytes: number): Promise<void> {
  const session = await stage.client();
  const pattern = randomBytes(megabyte);
  await Promise.all(
    Array.from({ length: streams }, async (_, index) => {
      const call = rawCall(session, 'Echo', { ...stage.metadata });
      const [there, back] = [createHash('sha256'), createHash('sha256')];
      call.stream.on('data', (chunk: Buffer) => back.update(chunk));
      // different bytes in each, and an end at another time
      const length = Math.floor((bytes * (streams + index)) / (2 * streams));
      const cut = index % 3 === 2 ? length / 2 : Number.POSITIVE_INFINITY;
      for (let sent = 0; sent < length && sent < cut; ) {
        const chunk = pattern.subarray(sent % 7919, (sent % 7919) + Math.min(65_536 - index, length - sent));
        there.update(chunk);
        sent += chunk.length;
        if (!call.stream.write(chunk)) await drained(call.stream);
      }
      if (cut < length) {
        call.stream.close(8);
        await call.over;
        return;
      }
      call.stream.end();
      await call.over;
      assert.deepEqual([call.status, call.bytes], ['0', length], call.message);
      assert.equal(back.digest('hex'), there.digest('hex'), `stream ${index}`);
    }),
  );
  session.close();
}

/**
 * Messages on the bus while open calls say nothing: each side sends at most a SYNC every 10 s, and pings. Every call
 * goes on afterwards.
 */
export async function idleCalls(stage: StressStage, count: number, seconds: number): Promise<string> {
  const session = await stage.client();
  const calls = Array.from({ length: count }, () => rawCall(session, 'Echo', { ...stage.metadata }));
  for (const call of calls) call.stream.write('one');
  await Promise.all(calls.map((call) => new Promise((resolve) => call.stream.once('data', resolve))));
  const before = await messages(stage);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const passed = (await messages(stage)) - before;
  for (const call of calls) call.stream.end('two');
  await Promise.all(calls.map((call) => call.over));
  for (const call of calls) assert.deepEqual([call.status, call.bytes], ['0', 6], call.message);
  session.close();
  // a SYNC each way in 10 s; a PING and its PONG each second at most, and as much again for the hub's own upkeep
  const most = 20 + 2 * (seconds / 10) + 4 * seconds;
  assert.ok(passed <= most, `${passed} messages in ${seconds} s for ${count} calls that say nothing`);
  return `${passed} messages in ${seconds} s for ${count} open calls`;
}

/** All messages that NATS has got so far. */
async function messages(stage: StressStage): Promise<number> {
  return Number((await stage.varz()).in_msgs);
}

async function drained(stream: ClientHttp2Stream): Promise<void> {
  await new Promise<void>((resolve) => {
    const go = (): void => {
      stream.off('drain', go).off('close', go);
      resolve();
    };
    stream.on('drain', go).on('close', go);
  });
}
