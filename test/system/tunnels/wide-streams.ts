import assert from 'node:assert/strict';
import { createCipheriv, createHash, type Hash } from 'node:crypto';
import { type ClientHttp2Session, constants } from 'node:http2';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { eventually } from '../../support/processes.js';
import { type RawCall, rawCall } from '../../support/raw-grpc.js';
import { memoryOf, openRawStage, type RawStage } from './raw-stage.js';

const streams = 8;
/** The stream that its client ends early. */
const cut = 3;
/** What the hub may grow by while the streams are there, bytes. */
const growth = 96 << 20;

/**
 * Eight calls of one node with a tunnel get back what they send, `bytes` each, and one is reset after a quarter: the
 * others lose nothing, and the hub does not keep what it passes on.
 */
export async function streamsSurviveOne(t: TestContext, bytes: number): Promise<void> {
  const stage = await openRawStage();
  t.after(() => stage.stop());
  await together(stage, bytes / 10);
  const before = await memoryOf(stage.hub);
  const since = performance.now();
  await together(stage, bytes);
  const seconds = (performance.now() - since) / 1000;
  const { most } = await memoryOf(stage.hub);
  const told = `the hub grew by ${Math.round((most - before.now) / 1e6)} MB at most`;
  t.diagnostic(`${Math.round((streams * bytes) / 1e6 / seconds)} MB/s each way; ${told}`);
  assert.ok(most - before.now < growth, told);
  await eventually('no call is open', async () => (await stage.callsInFlight()) === 0);
}

/** One call and what is expected of it. */
interface Wide {
  readonly call: RawCall;
  readonly sent: Hash;
  readonly came: Hash;
}

async function together(stage: RawStage, bytes: number): Promise<void> {
  const session = await stage.client();
  const all = Array.from({ length: streams }, (_, index) =>
    begin(session, stage.metadata('tunnel'), index, bytes),
  );
  const doomed = all[cut] ?? assert.fail();
  const others = all.filter((one) => one !== doomed);
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (doomed.call.bytes >= bytes / 4) resolve();
    };
    doomed.call.stream.on('data', look).on('close', resolve);
  });
  assert.ok(
    others.every(({ call }) => call.bytes < bytes),
    'the others are in the middle',
  );
  doomed.call.stream.close(constants.NGHTTP2_CANCEL);
  await Promise.all(all.map(({ call }) => call.over));
  assert.equal(doomed.call.status, undefined);
  for (const { call, sent, came } of others) {
    assert.deepEqual([call.status, call.bytes], ['0', bytes], call.message);
    assert.equal(came.digest('hex'), sent.digest('hex'));
  }
  await eventually('the server is rid of all', () => stage.server.open.size === 0);
  session.close();
}

/** Opens a call that sends a pattern of its own, and hashes what is sent and what comes back. */
function begin(
  session: ClientHttp2Session,
  metadata: Readonly<Record<string, string>>,
  index: number,
  bytes: number,
): Wide {
  const call = rawCall(session, 'Echo', { ...metadata });
  const [sent, came] = [createHash('sha256'), createHash('sha256')];
  call.stream.on('data', (chunk: Buffer) => came.update(chunk));
  const source = Readable.from(pattern(index, bytes, sent), { objectMode: false });
  source.pipe(call.stream);
  void call.over.then(() => source.destroy());
  return { call, sent, came };
}

/** The bytes of stream `index`, made as they are asked for: no two streams and no two places are alike. */
function* pattern(index: number, bytes: number, hash: Hash): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, index + 1), Buffer.alloc(16));
  const zeros = Buffer.alloc(65_536 - index);
  for (let left = bytes; left > 0; left -= Math.min(left, zeros.length)) {
    const chunk = cipher.update(zeros.subarray(0, left));
    hash.update(chunk);
    yield chunk;
  }
}
