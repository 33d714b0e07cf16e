import assert from 'node:assert/strict';
import { type ClientHttp2Session, constants } from 'node:http2';
import { rawCall } from '../../support/raw-grpc.js';
import { cancelled, many, overInTime, roundTrip } from './calls.js';
import type { StressStage } from './stage.js';

const small = Buffer.alloc(105);

/** While thousands of calls of a node are cancelled, its other calls go on: long ones, and new ones. */
export async function cancelsBeside(stage: StressStage, count: number): Promise<void> {
  const { metadata } = stage;
  const session = await stage.client();
  const long = Array.from({ length: 20 }, () => rawCall(session, 'Echo', { ...metadata }));
  for (const call of long) call.stream.write(small);
  await Promise.all(long.map((call) => new Promise((resolve) => call.stream.once('data', resolve))));

  let busy = true;
  const beside = (async (): Promise<number> => {
    let made = 0;
    for (; busy; made++) await roundTrip(session, metadata, small);
    return made;
  })();
  const sessions = await Promise.all(Array.from({ length: 8 }, () => stage.client()));
  await many(count, 64, (index) => {
    const one = sessions[index % sessions.length];
    assert.ok(one !== undefined);
    // answered and not ended, so that each is a reset towards the server
    return cancelled(one, metadata, 2);
  });
  busy = false;
  assert.ok((await beside) > 10, 'calls were made meanwhile');
  for (const call of long) call.stream.end(small);
  await Promise.all(long.map(overInTime));
  for (const call of long) assert.deepEqual([call.status, call.bytes], ['0', 2 * small.length], call.message);
  for (const one of [session, ...sessions]) one.close();
}

/** How a connection fared on which many calls were cancelled. */
export interface Burst {
  /** Code of the GOAWAY that ended it; undefined: it lives. */
  readonly goaway: number | undefined;
  /** Calls that were cancelled before. */
  readonly cancelled: number;
}

/** Cancels calls on one connection as fast as it goes, until all are cancelled or the connection is ended. */
export async function burst(stage: StressStage, count: number): Promise<Burst> {
  const session = await stage.client();
  let goaway: number | undefined;
  session.on('goaway', (code) => {
    goaway = code;
  });
  let done = 0;
  while (done < count && !session.closed && !session.destroyed) {
    const calls = Array.from({ length: Math.min(100, count - done) }, () =>
      rawCall(session, 'Echo', { ...stage.metadata }),
    );
    for (const call of calls) call.stream.close(constants.NGHTTP2_CANCEL);
    await Promise.all(calls.map((call) => call.over));
    done += calls.length;
    // the connection has had time to tell
    if (!session.destroyed) await new Promise<void>((resolve) => void pingOf(session, resolve));
  }
  session.destroy();
  return { goaway, cancelled: done };
}

function pingOf(session: ClientHttp2Session, done: () => void): void {
  try {
    session.ping(done);
  } catch {
    done();
  }
}
