import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { testCertificate } from '../../wire/certificate.js';
import { authorizeUrl, newVerifier, TokenStage } from './stage.js';

describe('a token server over TLS', () => {
  let stage: TokenStage;
  let port: number;
  let ca: Buffer;
  let tls: { cert: string; key: string };
  before(async () => {
    stage = await TokenStage.open();
    const { cert, key } = await testCertificate();
    ca = cert;
    tls = {
      cert: path.join(stage.directory, 'cert.pem'),
      key: path.join(stage.directory, 'key.pem'),
    };
    await Promise.all([writeFile(tls.cert, cert), writeFile(tls.key, key)]);
    const { listen } = await stage.start({ tls });
    port = Number(listen.split(':').at(-1));
  });
  after(() => stage.close());

  async function ask(
    session: ClientHttp2Session,
    headers: OutgoingHttpHeaders,
    body = '',
  ): Promise<{ headers: Record<string, unknown>; body: string }> {
    const stream = session.request(headers);
    if (body !== '') stream.end(body);
    const [answered] = await once(stream, 'response');
    return { headers: { ...answered }, body: await text(stream) };
  }

  test('takes a form from its own page alone', async () => {
    const { url } = await stage.start({ noClick: false, tls });
    const port = new URL(url).port;
    const session = connect(`https://127.0.0.1:${port}`, { ca, servername: 'localhost' });
    try {
      const { pathname, search } = authorizeUrl('https://localhost', newVerifier().challenge);
      const page = { ':path': `${pathname}${search}`, ':authority': `Localhost:${port}` };
      const { body } = await ask(session, page);
      const consent = /name="consent" value="([^"]+)"/.exec(body)?.[1] ?? '';
      const form = new URLSearchParams({ consent, rpl_selected: '1' }).toString();
      const post = { ...page, ':method': 'POST', 'content-type': 'application/x-www-form-urlencoded' };
      const statusOf = async (origin: string) =>
        (await ask(session, { ...post, origin }, form)).headers[':status'];
      assert.equal(await statusOf('https://evil.example'), 403);
      assert.equal(await statusOf(`https://localhost:${port}`), 200);
    } finally {
      session.close();
    }
  });

  test('gives codes and tokens by HTTP/2, with all its fields and bounds', async () => {
    const session = connect(`https://127.0.0.1:${port}`, { ca, servername: 'localhost' });
    try {
      const { verifier, challenge } = newVerifier();
      const { pathname, search } = authorizeUrl('https://localhost', challenge);
      const page = await ask(session, { ':path': `${pathname}${search}` });
      assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
      const code = new URL(String(page.headers['x-auth-redirect'])).searchParams.get('code') ?? '';
      const form = { grant_type: 'authorization_code', client_id: 'berty', code, code_verifier: verifier };
      const post = {
        ':method': 'POST',
        ':path': '/oauth/token',
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      };
      const given = await ask(session, post, new URLSearchParams(form).toString());
      assert.equal(given.headers[':status'], 200);
      assert.ok(JSON.parse(given.body).access_token);
      assert.equal((await ask(session, post, 'x'.repeat(9_000))).headers[':status'], 413);
      assert.equal((await ask(session, { ':path': '/' })).headers[':status'], 404);
    } finally {
      session.close();
    }
  });
});
