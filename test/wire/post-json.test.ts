import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { postJson } from '../../src/wire/post-json.js';

async function serve(t: TestContext, listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return new URL(`http://127.0.0.1:${port}/v1/enrol`);
}

const ask = (url: URL, signal = new AbortController().signal, timeoutMs = 20_000) =>
  postJson({ url, body: { a: 1 }, schema: z.object({ ok: z.boolean() }), timeoutMs, signal });

test('an answer is read, with the clock of the hub', async (t) => {
  const url = await serve(t, (_, response) => {
    response.setHeader('date', 'Tue, 14 Nov 2023 22:13:20 GMT').end('{"ok":true}');
  });
  assert.deepEqual(await ask(url), { body: { ok: true }, dateMs: 1_700_000_000_000 });
});

test("a refusal keeps the hub's code", async (t) => {
  const url = await serve(t, (_, response) => {
    response.writeHead(403).end('{"code":"TOKEN_USED","message":"the token was used"}');
  });
  await assert.rejects(ask(url), { code: 'TOKEN_USED', message: 'the token was used' });
});

test('who is no hub is told so: other JSON, HTML, a redirect, an endless answer', async (t) => {
  const answers: Record<string, RequestListener> = {
    json: (_, response) => response.end('{"ok":"perhaps"}'),
    html: (_, response) => response.writeHead(404).end('<h1>nginx</h1>'),
    endless: (_, response) => {
      const more = () => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    },
  };
  for (const [name, listener] of Object.entries(answers)) {
    await assert.rejects(ask(await serve(t, listener)), { code: 'HUB_ANSWER_INVALID' }, name);
  }
  const redirecting = await serve(t, (_, response) => response.writeHead(302, { location: '/' }).end());
  await assert.rejects(ask(redirecting), { code: 'HUB_ANSWER_INVALID', message: /HTTP 302/ });
});

test('nobody there, or nobody who answers', async (t) => {
  const url = await serve(t, () => {});
  await assert.rejects(ask(url, undefined, 50), { code: 'HUB_TIMEOUT' });
  const gone = new URL('http://127.0.0.1:1/v1/enrol');
  await assert.rejects(ask(gone), (thrown: Error) => {
    assert.match(thrown.message, /cannot reach the hub at http:\/\/127\.0\.0\.1:1: .+/);
    return true;
  });
});

test('an abandoned question ends at once', async (t) => {
  const url = await serve(t, () => {});
  const abandon = new AbortController();
  const asked = ask(url, abandon.signal, 60_000);
  abandon.abort();
  await assert.rejects(asked);
});
