import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import { type RawCall, rawCall } from '../../support/raw-grpc.js';

/** A call that takes longer than this is not going to end, in milliseconds. */
const stoppedMs = 30_000;

/** The call is over; it is cancelled, and has no status then, when that takes too long. */
export async function overInTime(call: RawCall): Promise<void> {
  const timer = setTimeout(() => call.stream.close(constants.NGHTTP2_CANCEL), stoppedMs);
  await call.over;
  clearTimeout(timer);
}

/** One echoed message; the round trip in milliseconds. Rejects when the call does not end in time with status 0. */
export async function roundTrip(
  session: ClientHttp2Session,
  metadata: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<number> {
  const since = performance.now();
  const call = rawCall(session, 'Echo', { ...metadata }, body);
  await overInTime(call);
  if (call.status !== '0' || call.bytes !== body.length) {
    throw new Error(`a call ended with ${call.status} (${call.message}) after ${call.bytes} bytes`);
  }
  return performance.now() - since;
}

/** Makes `count` calls, `atOnce` at a time, and gives what each took, in the order of their ends. */
export async function many<T>(
  count: number,
  atOnce: number,
  make: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) results.push(await make(next++));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
  return results;
}

const message = Buffer.alloc(105);

/**
 * Opens a call and cancels it. `index` modulo 5 says when: at once, after a message, after an answer, in the middle of
 * a response, half-closed.
 */
export async function cancelled(
  session: ClientHttp2Session,
  metadata: Readonly<Record<string, string>>,
  index: number,
): Promise<void> {
  const phase = index % 5;
  // a deadline that never comes, so that its timer has to go with the call
  const call = rawCall(session, phase === 3 ? 'Flow' : 'Echo', { ...metadata, 'grpc-timeout': '1H' });
  if (phase === 1) call.stream.write(message);
  if (phase === 2) {
    call.stream.write(message);
    await new Promise((resolve) => call.stream.once('data', resolve).once('close', resolve));
  }
  if (phase === 3)
    await new Promise((resolve) => call.stream.once('response', resolve).once('close', resolve));
  if (phase === 4) call.stream.end(message);
  call.stream.close(constants.NGHTTP2_CANCEL);
  await call.over;
}

/** Opens a call whose response is never read, and waits until it has begun. */
export async function stalledReader(
  session: ClientHttp2Session,
  metadata: Readonly<Record<string, string>>,
): Promise<ClientHttp2Stream> {
  const stream = openStream(session, 'Flow', metadata);
  stream.end();
  await new Promise<void>((resolve, reject) => {
    stream.once('response', () => resolve());
    stream.once('close', () => reject(new Error('a call that nobody reads has ended')));
  });
  return stream;
}

/** Opens a call that is neither written nor read. */
export function openStream(
  session: ClientHttp2Session,
  method: string,
  metadata: Readonly<Record<string, string>>,
): ClientHttp2Stream {
  return session
    .request(
      {
        ':method': 'POST',
        ':path': `/raw.Test/${method}`,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...metadata,
      },
      { endStream: false },
    )
    .on('error', () => {});
}

/** The value that so much of all are below; `part` from 0 to 1. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}
