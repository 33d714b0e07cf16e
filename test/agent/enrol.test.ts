import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { enrol } from '../../src/agent/enrol.js';
import { createUserKey } from '../../src/bus/nkeys.js';

test('a hub that sends its agents to NATS at another host is no hub', async (t) => {
  let natsPath = '/nats';
  const hub = createServer((request, response) => {
    const challenge = { nonce: 'n', expiresAtMs: Date.now() + 60_000 };
    const enrolled = { node: 'cellar', jwt: 'j', nats: [], natsPath, expiresAtMs: Date.now() + 60_000 };
    response.end(JSON.stringify(request.url === '/v1/enrol' ? enrolled : challenge));
  });
  hub.listen(0, '127.0.0.1');
  await once(hub, 'listening');
  t.after(() => {
    hub.closeAllConnections();
    hub.close();
  });
  const bound = hub.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  const key = createUserKey();
  const answered = () =>
    enrol({
      hub: `http://127.0.0.1:${bound.port}`,
      node: 'cellar',
      key,
      token: undefined,
      timeoutMs: 5_000,
      signal: new AbortController().signal,
      outbound: { proxy: '' },
    });
  assert.equal((await answered()).natsPath, '/nats');
  for (natsPath of [
    '//elsewhere.example/nats',
    '/\\elsewhere.example/',
    '/\t/elsewhere.example',
    'nats',
    '/',
  ]) {
    await assert.rejects(answered(), { code: 'HUB_ANSWER_INVALID' }, natsPath);
  }
});
