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
  before(async () => {
    stage = await TokenStage.open();
    const { cert, key } = await testCertificate();
    ca = cert;
    const files = {
      cert: path.join(stage.directory, 'cert.pem'),
      key: path.join(stage.directory, 'key.pem'),
    };
    await Promise.all([writeFile(files.cert, cert), writeFile(files.key, key)]);
    const { listen } = await stage.start({ tls: files });
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
