import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { KeySet } from '../../../src/auth/key-set.js';
import { keysFrom } from '../../../src/auth/load-keys.js';
import { verifyServiceToken } from '../../../src/auth/service-tokens.js';
import { createLogger } from '../../../src/log.js';
import { authorizeUrl, callbackOf, codeOf, exchange, markOf, newVerifier, TokenStage } from './stage.js';

describe('the way to a token', () => {
  let stage: TokenStage;
  before(async () => {
    stage = await TokenStage.open();
  });
  after(() => stage.close());

  test('a code is led back with the state and exchanged for a token that its published key verifies', async () => {
    const { url } = await stage.start();
    const { verifier, challenge } = newVerifier();
    const answer = await fetch(authorizeUrl(url, challenge, { state: '"&+ <x>', scope: 'rpl' }));
    assert.equal(callbackOf(answer).get('state'), '"&+ <x>');
    const { status, said } = await exchange(url, {
      code: callbackOf(answer).get('code') ?? '',
      code_verifier: verifier,
    });
    assert.equal(status, 200);
    assert.equal(said.token_type, 'bearer');
    assert.equal(said.scope, 'rpl');
    assert.equal(said.expires_in, 3600);
    assert.deepEqual(said.services, { rpl: '127.0.0.1:4103' });
    const load = keysFrom(`${url}/.well-known/jwks.json`);
    const keys = [new KeySet({ load, log: createLogger('silent', {}), now: Date.now })];
    const grant = await verifyServiceToken(String(said.access_token), { keys, scope: 'rpl' });
    assert.equal(grant.client, 'berty');
    assert.deepEqual(grant.services, { rpl: '127.0.0.1:4103' });
    await assert.rejects(verifyServiceToken(String(said.access_token), { keys, scope: 'psh' }), {
      code: 'TOKEN_REFUSED',
    });
  });

  test('without a scope a token is for all services, and no two tokens are the same', async () => {
    const { url } = await stage.start();
    const tokens = await Promise.all(
      [1, 2].map(async () => {
        const { verifier, challenge } = newVerifier();
        const code = await codeOf(url, challenge);
        return (await exchange(url, { code, code_verifier: verifier })).said;
      }),
    );
    assert.equal(tokens[0]?.scope, 'rpl,psh');
    assert.notEqual(tokens[0]?.access_token, tokens[1]?.access_token);
  });

  test('the key is for its owner alone, and stays the same over a restart; codes do not outlive one', async () => {
    const keyFile = path.join(stage.directory, 'kept.jwk');
    const first = await stage.start({ keyFile });
    assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
    const { verifier, challenge } = newVerifier();
    const code = await codeOf(first.url, challenge);
    await first.stop();
    const second = await stage.start({ keyFile });
    assert.equal(second.publicKey, first.publicKey);
    const { status, said } = await exchange(second.url, { code, code_verifier: verifier });
    assert.deepEqual([status, said.error], [400, 'invalid_grant']);
    assert.match(String(said.error_description), /before a restart/);
  });

  test('the page that asks runs no script, tells what is asked, and gives a code for what was selected', async () => {
    const { url } = await stage.start({ noClick: false, clients: ['<b>"x\'&'] });
    const { verifier, challenge } = newVerifier();
    const asked = authorizeUrl(url, challenge, { client_id: '<b>"x\'&' });
    const page = await fetch(asked);
    const text = await page.text();
    assert.equal(page.headers.get('x-auth-redirect'), null);
    assert.match(
      page.headers.get('content-security-policy') ?? '',
      /default-src 'none'.*frame-ancestors 'none'/,
    );
    const style = createHash('sha256')
      .update(/<style>(.*)<\/style>/s.exec(text)?.[1] ?? '')
      .digest('base64');
    assert.ok(page.headers.get('content-security-policy')?.includes(`style-src 'sha256-${style}'`));
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.equal(page.headers.get('x-frame-options'), 'DENY');
    assert.doesNotMatch(text, /<script|<b>|javascript:|\son\w+=/i);
    assert.match(text, /&#60;b&#62;&#34;x&#39;&#38;/);
    assert.deepEqual([...text.matchAll(/name="(\w+)"/g)].map(([, name]) => name).slice(1), [
      'consent',
      'rpl_selected',
      'psh_selected',
    ]);
    const consent = await markOf(asked);

    const send = (fields: Record<string, string>) =>
      fetch(asked, { method: 'POST', body: new URLSearchParams({ ...fields, consent }) });
    const none = await send({ rpl_selected: '0' });
    assert.equal(callbackOf(none).get('error'), 'access_denied');
    const clicked = await send({ psh_selected: '1' });
    const code = callbackOf(clicked).get('code') ?? '';
    const { said } = await exchange(url, { code, code_verifier: verifier, client_id: '<b>"x\'&' });
    assert.deepEqual(said.services, { psh: 'push.example.org:443' });
  });

  test('the page that leads back holds the callback in its first link, escaped, and in a text area', async () => {
    const { url } = await stage.start();
    const answer = await fetch(authorizeUrl(url, newVerifier().challenge, { state: '"><script>' }));
    const text = await answer.text();
    assert.doesNotMatch(text, /<script/);
    const callback = (answer.headers.get('x-auth-redirect') ?? '').replaceAll('&', '&#38;');
    assert.equal(/<a [^>]*href="([^"]*)"/.exec(text)?.[1], callback);
    assert.equal(/<textarea[^>]*>([^<]*)</.exec(text)?.[1], callback);
  });
});
