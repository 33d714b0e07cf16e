import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2';
import { PosternError } from '../../src/errors.js';
import type { Block, Target, UnaryClient, UnaryShape } from './load.js';
import { message, messageBytes, messageHeaderBytes, methods, unaryBytes } from './service.js';

const windowBytes = 1 << 20;
/** A call that takes longer has failed. */
const callMs = 60_000;

/** Unary calls by this process, where h2load is not there. */
export const nodeClient: UnaryClient = {
  name: `node:http2, Node ${process.versions.node}`,
  async run(target, shape, calls) {
    const sessions = await Promise.all(Array.from({ length: shape.connections }, () => open(target)));
    try {
      return await timed(calls, () => callAll(sessions, target, shape, calls));
    } finally {
      for (const session of sessions) session.close();
    }
  },
};

/** Messages of 64 KiB in one stream, by this process: `down` to it, `up` from it. */
export async function runStream(target: Target, direction: 'down' | 'up', messages: number): Promise<Block> {
  const session = await open(target);
  try {
    const bytes = messages * messageBytes;
    return await timed(bytes, () => (direction === 'down' ? pull : push)(session, target, messages));
  } finally {
    session.close();
  }
}

async function timed(amount: number, work: () => Promise<number[]>): Promise<Block> {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const latencies = await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { amount, seconds, clientMicros: user + system, latencies: latencies.sort((a, b) => a - b) };
}

function open({ address }: Target): Promise<ClientHttp2Session> {
  const session = connect(`http://${address}`, { settings: { initialWindowSize: windowBytes } });
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    session.once('remoteSettings', () => {
      session.setLocalWindowSize(windowBytes);
      resolve(session);
    });
  });
}

/** Calls with so many in flight all the time; resolves to how long each took, in microseconds. */
async function callAll(
  sessions: readonly ClientHttp2Session[],
  target: Target,
  shape: UnaryShape,
  calls: number,
): Promise<number[]> {
  const request = message(Buffer.alloc(unaryBytes));
  const latencies: number[] = [];
  let left = calls;
  const worker = async (session: ClientHttp2Session): Promise<void> => {
    while (left-- > 0) {
      const startedAt = performance.now();
      const stream = start(session, target, methods.echo);
      stream.end(request);
      const answer = await answerOf(stream);
      if (answer.bytes !== request.length) throw failed(target, `${answer.bytes} bytes came back`);
      if (shape.latencies) latencies.push((performance.now() - startedAt) * 1000);
    }
  };
  await Promise.all(
    sessions.flatMap((session) => Array.from({ length: shape.inFlight }, () => worker(session))),
  );
  return latencies;
}

async function pull(session: ClientHttp2Session, target: Target, messages: number): Promise<number[]> {
  const stream = start(session, target, methods.pull);
  const count = Buffer.alloc(4);
  count.writeUInt32BE(messages);
  stream.end(message(count));
  const { bytes } = await answerOf(stream);
  const due = messages * (messageHeaderBytes + messageBytes);
  if (bytes !== due) throw failed(target, `${bytes} bytes came of ${due}`);
  return [];
}

async function push(session: ClientHttp2Session, target: Target, messages: number): Promise<number[]> {
  const stream = start(session, target, methods.push);
  const one = message(Buffer.alloc(messageBytes));
  let left = messages;
  const more = (): void => {
    while (left > 0) {
      left--;
      if (!stream.write(one)) return;
    }
    stream.end();
  };
  stream.on('drain', more);
  more();
  const { last } = await answerOf(stream);
  const counted =
    last.length === 8 + messageHeaderBytes ? Number(last.readBigUInt64BE(messageHeaderBytes)) : 0;
  const due = messages * one.length;
  if (counted !== due) throw failed(target, `${counted} bytes arrived of ${due}`);
  return [];
}

function start(session: ClientHttp2Session, target: Target, path: string): ClientHttp2Stream {
  return session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...target.metadata,
  });
}

/** What came of a call: how many bytes, and the last of them. Rejects when the status is not 0. */
function answerOf(stream: ClientHttp2Stream): Promise<{ bytes: number; last: Buffer }> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let last: Buffer = Buffer.alloc(0);
    let said = 'no status';
    const ended = (headers: IncomingHttpHeaders): void => {
      const { 'grpc-status': status, 'grpc-message': text } = headers;
      if (status !== undefined) said = `status ${status} ${text ?? ''}`;
    };
    stream.setTimeout(callMs, () => stream.destroy(new Error('nothing came for long')));
    stream.on('response', ended).on('trailers', ended);
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      last = chunk;
    });
    stream.on('error', reject);
    stream.on('close', () => {
      if (said === 'status 0 ') resolve({ bytes, last });
      else reject(new PosternError('CALLS_FAILED', `a call failed: ${said}`));
    });
  });
}

function failed(target: Target, why: string): PosternError {
  return new PosternError('CALLS_FAILED', `a call to ${target.address} failed: ${why}`);
}
