import assert from 'node:assert/strict';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { z } from 'zod';
import { PosternError } from '../../src/errors.js';
import { postJson } from '../../src/wire/post-json.js';
import { dialWebSocket } from '../../src/wire/websocket-dial.js';
import { testCertificate } from './certificate.js';

async function portOf(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** What is said of a hub at an address, by the two that ask one. */
async function told(host: string, ca?: string): Promise<PosternError[]> {
  const outbound = { proxy: '', ...(ca === undefined ? {} : { ca }) };
  const signal = AbortSignal.timeout(5_000);
  const asked = { body: {}, schema: z.object({}), timeoutMs: 5_000, signal, outbound };
  const both = [
    dialWebSocket({ url: new URL(`wss://${host}/ws`), outbound, timeoutMs: 5_000 }),
    postJson({ ...asked, url: new URL(`https://${host}/v1/enrol`) }),
  ];
  return (await Promise.allSettled(both)).map((result) => {
    assert.ok(result.status === 'rejected' && result.reason instanceof PosternError);
    assert.equal(result.reason.code, 'HUB_UNREACHABLE');
    return result.reason;
  });
}

test('who cannot trust a certificate is told how to', async (t) => {
  const port = await portOf(t, createTlsServer(await testCertificate()));
  for (const { hint } of await told(`localhost:${port}`)) assert.match(hint ?? '', /--hub-ca FILE/);
});

test('who calls a hub by another name than those of its certificate is told so', async (t) => {
  const { key, cert } = await testCertificate();
  const server = createTlsServer({ key, cert });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.3', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  for (const { hint } of await told(`127.0.0.3:${port}`, String(cert))) {
    assert.match(hint ?? '', /a name that its certificate is made for/);
  }
});

test('who speaks TLS to a port without it is told so, in a line', async (t) => {
  const plain = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  const port = await portOf(t, plain);
  for (const { message, hint } of await told(`localhost:${port}`)) {
    assert.match(message, /: no TLS is spoken there$/);
    assert.match(hint ?? '', /check the port and the scheme/);
  }
});
