import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { joinDuplexes } from '../../src/wire/join-duplexes.js';

/** Two joined connections: what is said at one end comes out at the other. */
async function joined(t: TestContext): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const pair = async (): Promise<[Socket, Socket]> => {
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    t.after(() => near.destroy());
    near.on('error', () => {});
    return [near, await accepted];
  };
  const [left, innerLeft] = await pair();
  const [right, innerRight] = await pair();
  joinDuplexes(innerLeft, innerRight);
  return [left, right];
}

test('what was said before a good end leaves whole, also where that is slow', {
  timeout: 20_000,
}, async () => {
  const said = Array.from({ length: 10 }, () => Buffer.alloc(4_096));
  const from = new Duplex({
    read() {
      this.push(said.shift() ?? null);
    },
    write: (_chunk, _encoding, done) => done(),
  });
  let bytes = 0;
  const to = new Duplex({
    read() {
      this.push(null);
    },
    write(chunk: Buffer, _encoding, done) {
      setTimeout(() => {
        bytes += chunk.length;
        done();
      }, 20);
    },
  });
  joinDuplexes(from, to);
  await once(to, 'close');
  assert.equal(bytes, 40_960);
});

test('one that fails takes the other with it at once', { timeout: 20_000 }, async (t) => {
  const [left, right] = await joined(t);
  left.write('x');
  await once(right, 'data');
  left.resetAndDestroy();
  await assert.rejects(once(right, 'end'), /ECONNRESET/);
});

test('each half ends by itself', { timeout: 20_000 }, async (t) => {
  const [left, right] = await joined(t);
  left.end('question');
  let asked = '';
  for await (const chunk of right.iterator({ destroyOnReturn: false })) asked += String(chunk);
  right.end(`${asked} answered`);
  let answer = '';
  for await (const chunk of left) answer += String(chunk);
  assert.equal(answer, 'question answered');
});
