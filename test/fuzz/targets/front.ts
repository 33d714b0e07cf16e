import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PosternError } from '../../../src/errors.js';
import type { CallTarget } from '../../../src/rpc/call.js';
import { listenFront } from '../../../src/wire/listener.js';
import { refuseRequest } from '../../../src/wire/refuse.js';
import { readRequest } from '../../../src/wire/request.js';
import { serveCall } from '../../../src/wire/serve-call.js';
import { matchHttp1, matchHttp2, type Verdict } from '../../../src/wire/sniff.js';
import { testLog } from '../../support/nats.js';
import type { Corpus, FuzzTarget } from '../target.js';

/** First bytes of a connection: a verdict stands as more bytes come, and none takes long to come. */
export function firstBytes(corpus: Corpus): FuzzTarget {
  return {
    seeds: corpus.firstBytes,
    feed(input) {
      for (const match of [matchHttp1, matchHttp2]) {
        let earlier: Verdict = 'more';
        for (let length = 1; length <= Math.min(input.length, 32); length++) {
          const verdict = match(input.subarray(0, length));
          if (earlier !== 'more') assert.equal(verdict, earlier, 'a verdict was taken back');
          earlier = verdict;
        }
        if (input.length > 0) assert.equal(match(input), earlier);
      }
    },
  };
}

const echo: CallTarget = {
  open: (_head, sink) => ({
    write: (chunk) => {
      setImmediate(() => sink.data(chunk));
      return true;
    },
    end: () => setImmediate(() => sink.trailers(['grpc-status', '0'])),
    cancel: () => {},
    consumed: () => {},
  }),
};

/** A listener with real sockets: whatever comes, in one piece or in many, its connection ends and nobody else's does. */
export async function listener(corpus: Corpus): Promise<FuzzTarget> {
  const dir = await mkdtemp(join(tmpdir(), 'postern-fuzz-'));
  const path = join(dir, 'front.sock');
  const front = await listenFront({
    addresses: [`unix:${path}`],
    onStream: (stream, headers, rawHeaders) => {
      const request = readRequest(headers, rawHeaders);
      if (request.ok) serveCall(stream, { ...request.head, caller: 'fuzz' }, echo);
      else refuseRequest(stream, request);
    },
    onHttp1: (request, response) => {
      request.on('error', () => {});
      request.resume();
      response.end('ok\n');
    },
    log: testLog,
    limits: { silentMs: 1000, sessions: { idleMs: 60, pingAfterMs: 60, pongMs: 60 } },
  });
  let open: Promise<void>[] = [];
  let count = 0;
  return {
    seeds: corpus.firstBytes,
    batch: 256,
    feed(input) {
      open.push(visit(path, input, count++ % 4 === 0));
    },
    async settle() {
      open.push(healthy(path));
      const visits = open;
      open = [];
      await Promise.all(visits);
    },
    async close() {
      await front.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Says something, hangs up, and waits until the other end has. `bytewise`: the first bytes come one by one. */
async function visit(path: string, bytes: Buffer, bytewise: boolean): Promise<void> {
  const socket = connect({ path });
  const closed = new Promise<void>((resolve, reject) => {
    const late = new PosternError('STILL_OPEN', `a connection stays open after ${bytes.toString('hex')}`);
    const timer = setTimeout(() => reject(late), 10_000);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  socket.on('error', () => {});
  socket.resume();
  const pieces = bytewise ? Math.min(bytes.length, 28) : 0;
  for (let i = 0; i < pieces; i++) {
    socket.write(bytes.subarray(i, i + 1));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end(bytes.subarray(pieces));
  await closed;
}

async function healthy(path: string): Promise<void> {
  const socket = connect({ path });
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', () => {});
  socket.write('GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  await new Promise((resolve) => socket.on('close', resolve));
  assert.match(answer, /^HTTP\/1.1 200 OK\r\n/, 'a healthy request was not answered');
}
