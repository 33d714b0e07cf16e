import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { preface } from '../../wire/frames.js';
import { type HostileStage, setHostileStage } from './stage.js';

let stage: HostileStage;
before(async () => {
  stage = await setHostileStage();
});
after(() => stage.stop());

/** All that is slow has to be cut within this time, in milliseconds: 10 s, and what a busy machine adds to 2,000 of them. */
const cutWithinMs = 30_000;

/** Resolves to all that came when the other end has closed the connection. */
async function cut(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  const timer = setTimeout(() => socket.destroy(new Error('late')), cutWithinMs);
  let late = false;
  socket.on('error', (error) => {
    late ||= error.message === 'late';
  });
  await new Promise((resolve) => socket.on('close', resolve));
  clearTimeout(timer);
  assert.equal(late, false, 'a connection was not cut');
  return text;
}

/** Says the bytes one by one, as long as somebody listens. */
async function drip(socket: Socket, bytes: Buffer): Promise<string> {
  const over = cut(socket);
  let at = 0;
  const timer = setInterval(() => {
    if (at < bytes.length && !socket.destroyed) socket.write(bytes.subarray(at, ++at));
  }, 600);
  const text = await over;
  clearInterval(timer);
  return text;
}

function post(path: string, length: number, more = ''): Buffer {
  return Buffer.from(`POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n${more}\r\n`);
}

test('clients that are silent or slow are cut, however many, and calls go on', (t) =>
  stage.during(t, async () => {
    const silent: Promise<string>[] = [];
    // No more at once than the system keeps for us until they are accepted.
    for (let left = 2_000; left > 0; left -= 100) {
      const some = Array.from({ length: 100 }, () => stage.dial());
      await Promise.all(some.map((socket) => once(socket, 'connect')));
      silent.push(...some.map(cut));
    }
    const slow = [
      drip(stage.dial(), preface),
      drip(stage.dial(), Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'latin1')),
      drip(stage.dial(), Buffer.from(`GET /health HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(100)}`)),
      drip(stage.dial(), Buffer.from('{"token":"x"}\n')),
    ];
    const body = stage.dial();
    body.write(post('/v1/enrol', 1_000));
    await Promise.all([...silent, ...slow, drip(body, Buffer.alloc(1_000, 0x20))]);
  }));

test('requests over HTTP/1.1 that are too large are refused before they are read', (t) =>
  stage.during(t, async () => {
    const large = Array.from({ length: 20 }, async (_, index) => {
      const socket = stage.dial();
      const answer = cut(socket);
      const head = index % 2 === 0 ? post('/v1/enrol', 1 << 30) : Buffer.from('GET /health HTTP/1.1\r\nx: ');
      socket.write(head);
      const block = Buffer.alloc(65_536, 0x20);
      const more = (): void => {
        while (!socket.destroyed && socket.write(block)) {
          // until it must wait
        }
      };
      socket.on('drain', more);
      more();
      return answer;
    });
    for (const [index, answer] of (await Promise.all(large)).entries()) {
      // The answer may be lost where more bytes come to a socket that is closed.
      if (answer !== '')
        assert.match(answer, index % 2 === 0 ? /^HTTP\/1.1 (413|429)/ : /^HTTP\/1.1 4(00|31)/);
    }
  }));
