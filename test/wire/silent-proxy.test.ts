import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { postJson } from '../../src/wire/post-json.js';
import { dialWebSocket } from '../../src/wire/websocket-dial.js';
import { eventually } from '../support/processes.js';

/** Takes connections, reads them, and never says a word. */
const silent = createServer((socket) => {
  open.add(socket);
  socket.on('error', () => {});
  socket.once('close', () => open.delete(socket));
  socket.resume();
});
const open = new Set<Socket>();
let address = '';

before(async () => {
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const bound = silent.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  address = `127.0.0.1:${bound.port}`;
});
after(() => {
  for (const socket of open) socket.destroy();
  silent.close();
});

const dialThrough = (proxy: string, timeoutMs: number, signal?: AbortSignal) =>
  dialWebSocket({
    url: new URL('wss://hub.example/ws'),
    outbound: { proxy },
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
const askThrough = (proxy: string, timeoutMs: number, signal = new AbortController().signal) =>
  postJson({
    url: new URL('https://hub.example/v1/enrol'),
    body: {},
    schema: z.object({}),
    outbound: { proxy },
    timeoutMs,
    signal,
  });
const noneLeft = () => eventually('no connection to the proxy is left', () => open.size === 0);
const allOpen = () => eventually('the proxy was reached', () => open.size > 0);

for (const scheme of ['http', 'https']) {
  const proxy = () => `${scheme}://user:hidden@${address}`;

  test(`a silent ${scheme} proxy is given up in time, and nothing of it is left`, async () => {
    await assert.rejects(dialThrough(proxy(), 200), (thrown: Error) => {
      assert.match(thrown.message, /through the proxy at 127\.0\.0\.1:\d+: no answer within 200 ms/);
      assert.doesNotMatch(thrown.message, /hidden/);
      return true;
    });
    await assert.rejects(askThrough(proxy(), 200), { code: 'HUB_TIMEOUT' });
    await noneLeft();
  });

  test(`what waits for a silent ${scheme} proxy ends when nobody wants it any more`, async () => {
    const stop = new AbortController();
    const waiting = [dialThrough(proxy(), 60_000, stop.signal), askThrough(proxy(), 60_000, stop.signal)];
    const ended = Promise.allSettled(waiting);
    await allOpen();
    stop.abort();
    assert.deepEqual(
      (await ended).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await noneLeft();
  });
}

test('a hub that answers nothing is given up in time', async () => {
  const url = new URL(`ws://${address}/ws`);
  await assert.rejects(dialWebSocket({ url, outbound: { proxy: '' }, timeoutMs: 200 }), {
    code: 'HUB_UNREACHABLE',
    message: /no answer within 200 ms/,
  });
  await noneLeft();
});
