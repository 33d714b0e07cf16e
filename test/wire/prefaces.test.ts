import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, afterEach, before, describe, test } from 'node:test';
import { clientOf } from '../../src/wire/client.js';
import { duplexPair } from '../../src/wire/in-process.js';
import { refuse } from '../../src/wire/refuse.js';
import type { TlsIdentity } from '../../src/wire/tls-identity.js';
import { preface } from './frames.js';
import { cleanUp, dial, drained, front } from './front-harness.js';
import { spoken } from './prefaces.js';
import { ends4, namedClient, version1, version2 } from './proxy-headers.js';
import { testIdentity } from './tls-stage.js';

let identity: TlsIdentity;
before(async () => {
  identity = await testIdentity();
});
after(() => identity.stop());
afterEach(cleanUp);

/** Answers everything, and notes whose each connection is. */
async function servingAll(overTls: boolean): Promise<{ address: string; clients: string[] }> {
  const clients: string[] = [];
  const heard = (connection: object | undefined): void => {
    clients.push(clientOf(connection).address);
  };
  const { address } = await front({
    trustedProxies: ['127.0.0.1'],
    ...(overTls ? { tls: identity } : {}),
    onStream: (stream) => {
      heard(stream.session);
      refuse(stream, 0, '', 'FINE');
    },
    onHttp1: (request, response) => {
      heard(request.socket);
      response.end('hello over HTTP/1.1\n');
    },
    onUpgrade: (request, socket, head) => {
      heard(request.socket);
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
      socket.write(head);
      socket.pipe(socket);
    },
    onForward: (socket, listener) => {
      assert.equal(listener, '127.0.0.1:0');
      heard(socket);
      let line = '';
      socket.on('data', (chunk: Buffer) => {
        line += chunk.toString();
        if (line.endsWith('\n')) socket.end(line.startsWith('{"token"') ? '{"ok":true}\n' : 'no\n');
      });
      socket.resume();
    },
  });
  return { address, clients };
}

/** The length of the packet that begins at this byte. */
type Cut = (at: number) => number;

/** A connection that begins with some bytes, and whose packets end where `cut` says. */
function cutting(carrier: Socket, begin: Buffer, cut: Cut): Duplex {
  carrier.setNoDelay(true);
  const [near, far] = duplexPair();
  carrier.pipe(far);
  carrier.once('close', () => near.destroy());
  let at = 0;
  let waiting = begin;
  let isWriting = false;
  const write = async (): Promise<void> => {
    isWriting = true;
    // What is written in this turn of the loop leaves together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0 && !carrier.destroyed) {
      const packet = waiting.subarray(0, cut(at));
      waiting = waiting.subarray(packet.length);
      at += packet.length;
      carrier.write(packet);
      await new Promise((resolve) => setImmediate(resolve));
    }
    isWriting = false;
  };
  far.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    if (!isWriting) void write();
  });
  return near;
}

const prefixes: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  'a PROXY preamble of version 1': version1(),
  'a PROXY preamble of version 2': version2(ends4()),
};

const whole: Cut = () => 1e9;
const bytewise: Cut = () => 1;
const cutAt =
  (end: number): Cut =>
  (at) =>
    at < end ? end - at : 1e9;

describe('every protocol is told behind whatever preface, however its bytes come:', {
  timeout: 60_000,
}, () => {
  for (const [name, { overTls, prefaceBytes, speak, answer }] of Object.entries(spoken)) {
    for (const [begin, bytes] of Object.entries(prefixes)) {
      test(`${name} behind ${begin}`, async () => {
        const { address, clients } = await servingAll(overTls);
        const ends = Array.from({ length: bytes.length + prefaceBytes }, (_, i) => i + 1);
        const cuts = [whole, bytewise, ...ends.map(cutAt)];
        const next = cuts.entries();
        const visit = async (): Promise<void> => {
          for (const [which, cut] of next) {
            const carrier = dial(address);
            await once(carrier, 'connect');
            const said = await speak(cutting(carrier, bytes, cut)).catch(String);
            assert.match(said, answer, `cut ${which}`);
            carrier.destroy();
          }
        };
        await Promise.all(Array.from({ length: 8 }, visit));
        const whose = bytes.length === 0 ? '127.0.0.1' : namedClient;
        assert.deepEqual(new Set(clients), new Set([whose]));
        assert.equal(clients.length, cuts.length);
      });
    }
  }
});

describe('a connection is cut', { timeout: 60_000 }, () => {
  const proxy = version1();
  const ended: Readonly<Record<string, Buffer | string>> = {
    'an unknown protocol': 'HELO there\r\n',
    'an unknown protocol behind a PROXY preamble': Buffer.concat([proxy, Buffer.from('HELO\r\n')]),
    'two PROXY preambles': Buffer.concat([proxy, proxy]),
    'a PROXY preamble of version 2 behind one of version 1': Buffer.concat([proxy, version2(ends4())]),
    'a PROXY preamble that is none': 'PROXY TCP4 nobody nobody 1 1\r\n',
    'a PROXY preamble of another version': version2(ends4(), { command: 0x31 }),
    'a TLS record without TLS': Buffer.from('16030100050100000000', 'hex'),
  };
  for (const [what, bytes] of Object.entries(ended)) {
    test(`after ${what}`, async () => {
      const { address, clients } = await servingAll(false);
      const socket = dial(address);
      socket.write(bytes);
      assert.equal(await drained(socket), '');
      assert.deepEqual(clients, []);
    });
  }

  const halves: Readonly<Record<string, Buffer>> = {
    nothing: Buffer.alloc(0),
    'half of the HTTP/2 preface': preface.subarray(0, 12),
    'half a method': Buffer.from('GE'),
    'half a PROXY preamble of version 1': proxy.subarray(0, 20),
    'half a PROXY preamble of version 2': version2(ends4()).subarray(0, 20),
    'a PROXY preamble': proxy,
    'a PROXY preamble and half of the HTTP/2 preface': Buffer.concat([proxy, preface.subarray(0, 12)]),
    'the HTTP/2 preface and no SETTINGS': preface,
    'half a line of a request': Buffer.from('GET / HT'),
  };
  for (const [what, bytes] of Object.entries(halves)) {
    test(`when it says ${what} and then nothing, or hangs up`, async () => {
      const { address } = await front({
        trustedProxies: ['127.0.0.1'],
        limits: { silentMs: 150, headMs: 150 },
      });
      const startedAt = performance.now();
      const [silent, halfClosed] = [dial(address), dial(address)];
      silent.write(bytes);
      halfClosed.end(bytes);
      await drained(halfClosed);
      const halfClosedAt = performance.now() - startedAt;
      await drained(silent);
      const silentAt = performance.now() - startedAt;
      assert.ok(silentAt >= 140, `${silentAt} ms of silence were too many`);
      assert.ok(silentAt < 5_000 && halfClosedAt < 5_000);
    });
  }
});
