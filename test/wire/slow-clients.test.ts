import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { TlsIdentity } from '../../src/wire/tls-identity.js';
import { preface } from './frames.js';
import { cleanUp, dial, drained, front } from './front-harness.js';
import { secure, testIdentity } from './tls-stage.js';

let identity: TlsIdentity;
before(async () => {
  identity = await testIdentity();
});
after(() => identity.stop());
afterEach(cleanUp);

const boundMs = 1_000;
const limits = { silentMs: boundMs, handshakeMs: boundMs, headMs: boundMs };

/** Says something in single bytes, a byte each 20 ms, until nobody listens. */
function dribble(socket: Socket, bytes: Buffer): void {
  let at = 0;
  const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 20);
  socket.once('close', () => clearInterval(timer));
}

async function shaken(address: string, alpn: readonly string[]): Promise<TLSSocket> {
  const socket = await secure({ socket: dial(address), ALPNProtocols: [...alpn] });
  await once(socket, 'secureConnect');
  return socket;
}

/** The time until a connection is closed, in ms, counted from now. */
async function cutAfter(socket: Socket): Promise<number> {
  const startedAt = performance.now();
  await drained(socket);
  return performance.now() - startedAt;
}

describe('over TLS is cut in time', { timeout: 30_000 }, () => {
  const hello = Buffer.concat([Buffer.from('16030102000100', 'hex'), Buffer.alloc(500)]);
  const clients: Readonly<Record<string, (address: string) => Promise<Socket>>> = {
    'a handshake that stops': async (address) => {
      const socket = dial(address);
      socket.write(hello.subarray(0, 100));
      return socket;
    },
    'a handshake that comes slowly': async (address) => {
      const socket = dial(address);
      dribble(socket, hello);
      return socket;
    },
    'a client that chose HTTP/2 and is silent': (address) => shaken(address, ['h2']),
    'a client that chose HTTP/2 and sends half its preface': async (address) => {
      const socket = await shaken(address, ['h2']);
      socket.write(preface.subarray(0, 10));
      return socket;
    },
    'a client that chose HTTP/2 and sends no SETTINGS': async (address) => {
      const socket = await shaken(address, ['h2']);
      dribble(socket, preface);
      return socket;
    },
    'a client that chose HTTP/1.1 and is silent': (address) => shaken(address, ['http/1.1']),
    'a client that chose nothing and is silent': (address) => shaken(address, []),
    'a request whose header comes slowly': async (address) => {
      const socket = await shaken(address, ['http/1.1']);
      dribble(socket, Buffer.from(`GET / HTTP/1.1\r\nhost: x\r\na: ${'a'.repeat(2_000)}\r\n\r\n`));
      return socket;
    },
  };
  for (const [what, begin] of Object.entries(clients)) {
    test(what, async () => {
      const { address } = await front({ tls: identity, limits });
      const begunAt = performance.now();
      await drained(await begin(address));
      const ms = performance.now() - begunAt;
      assert.ok(ms >= boundMs - 60 && ms < 5_000, `after ${ms} ms`);
    });
  }
});

test('TLS where there is none is closed at once, without a word', { timeout: 30_000 }, async () => {
  const { address } = await front({ limits: { silentMs: 20_000 } });
  const socket = await secure({ socket: dial(address) });
  let shook = false;
  socket.once('secureConnect', () => {
    shook = true;
  });
  const cut = cutAfter(socket);
  const raw = dial(address);
  raw.write(Buffer.from('1603010200010001fc0303', 'hex'));
  assert.equal(await drained(raw), '');
  assert.ok((await cut) < 5_000);
  assert.equal(shook, false);
});
