import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../support/processes.js';
import { authorizeUrl, callbackOf, codeOf, exchange, newVerifier, TokenStage } from './stage.js';

describe('what a token server refuses', () => {
  let stage: TokenStage;
  let url: string;
  before(async () => {
    stage = await TokenStage.open();
    ({ url } = await stage.start({ clients: ['berty', 'other'] }));
  });
  after(() => stage.close());

  const { verifier, challenge } = newVerifier();

  async function refusal(fields: Record<string, string | undefined>): Promise<string> {
    const { status, said } = await exchange(url, fields);
    assert.equal(status, 400);
    assert.equal(said.access_token, undefined);
    return `${said.error}: ${said.error_description}`;
  }

  test('a wrong verifier, which uses the code up', async () => {
    const code = await codeOf(url, challenge);
    assert.match(
      await refusal({ code, code_verifier: newVerifier().verifier }),
      /^invalid_grant: .*verifier/,
    );
    assert.match(await refusal({ code, code_verifier: verifier }), /^invalid_grant: .*used before/);
  });

  test('a code a second time, though the token that it gave stays good', async () => {
    const code = await codeOf(url, challenge);
    assert.equal((await exchange(url, { code, code_verifier: verifier })).status, 200);
    assert.match(await refusal({ code, code_verifier: verifier }), /^invalid_grant: .*used before/);
  });

  test('of many who exchange one code at once, all but one', async () => {
    const code = await codeOf(url, challenge);
    const all = await Promise.all(
      Array.from({ length: 20 }, () => exchange(url, { code, code_verifier: verifier })),
    );
    assert.equal(all.filter(({ status }) => status === 200).length, 1);
  });

  test('a code that has expired', async () => {
    const short = await stage.start({ codeMs: 1 });
    const code = await codeOf(short.url, challenge);
    const since = performance.now();
    await eventually('its life is over', async () => performance.now() > since + 5);
    const { status, said } = await exchange(short.url, { code, code_verifier: verifier });
    assert.deepEqual([status, said.error], [400, 'invalid_grant']);
    assert.match(String(said.error_description), /expired/);
  });

  test('a code of another client, an unknown client, and another redirect_uri', async () => {
    const code = await codeOf(url, challenge);
    assert.match(
      await refusal({ code, code_verifier: verifier, client_id: 'other' }),
      /^invalid_grant: .*client/,
    );
    const second = await codeOf(url, challenge);
    assert.match(
      await refusal({ code: second, code_verifier: verifier, client_id: 'bert' }),
      /^invalid_client/,
    );
    assert.match(
      await refusal({ code: second, code_verifier: verifier, redirect_uri: 'berty://elsewhere/' }),
      /^invalid_grant: redirect_uri/,
    );
  });

  test('a code that nobody was given, and forms with something missing or twice', async () => {
    const code = await codeOf(url, challenge);
    assert.match(await refusal({ code: 'x'.repeat(43), code_verifier: verifier }), /^invalid_grant/);
    assert.match(await refusal({ code }), /^invalid_request: code_verifier/);
    assert.match(await refusal({ code, code_verifier: 'short' }), /^invalid_request: code_verifier/);
    assert.match(await refusal({ code_verifier: verifier }), /^invalid_request: code/);
    assert.match(await refusal({ code, code_verifier: verifier, client_id: undefined }), /^invalid_request/);
    assert.match(await refusal({ code, code_verifier: verifier, grant_type: undefined }), /^invalid_request/);
    assert.match(
      await refusal({ code, code_verifier: verifier, grant_type: 'password' }),
      /^unsupported_grant_type/,
    );
    const body = `grant_type=authorization_code&client_id=berty&code=${code}&code=${code}&code_verifier=${verifier}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const doubled = await fetch(`${url}/oauth/token`, { method: 'POST', body, headers });
    assert.equal(doubled.status, 400);
    const asJson = await fetch(`${url}/oauth/token`, { method: 'POST', body: '{}' });
    assert.equal(asJson.status, 400);
    assert.equal(
      (await exchange(url, { code, code_verifier: verifier })).status,
      200,
      'none of it used the code',
    );
  });

  const askedWrongly: readonly [string, Record<string, string | undefined>][] = [
    ['invalid_request', { state: undefined }],
    ['invalid_request', { state: 'x'.repeat(513) }],
    ['invalid_request', { code_challenge: undefined }],
    ['invalid_request', { code_challenge: `${challenge}=` }],
    ['invalid_request', { code_challenge_method: undefined }],
    ['invalid_request', { code_challenge_method: 'plain' }],
    ['unsupported_response_type', { response_type: 'token' }],
    ['unauthorized_client', { client_id: 'stranger' }],
    ['invalid_scope', { scope: 'rpl,gold' }],
    ['invalid_scope', { scope: 'RPL' }],
  ];
  for (const [error, fields] of askedWrongly) {
    const [[name, value] = []] = Object.entries(fields);
    test(`to give a code where ${name} is ${value?.slice(0, 50) ?? 'missing'}`, async () => {
      const said = callbackOf(await fetch(authorizeUrl(url, challenge, fields)));
      assert.equal(said.get('error'), error);
      assert.equal(said.get('code'), null);
      assert.notEqual(said.get('error_description'), null);
    });
  }

  test('to lead anywhere but to the app', async () => {
    for (const redirect_uri of [
      undefined,
      'https://evil.example/',
      'berty://services-auth/?x',
      'BERTY://services-auth/',
    ]) {
      const answer = await fetch(authorizeUrl(url, challenge, { redirect_uri }), { redirect: 'manual' });
      assert.equal(answer.status, 400);
      assert.equal(answer.headers.get('x-auth-redirect'), null);
      assert.doesNotMatch(await answer.text(), /evil/);
    }
    const twice = authorizeUrl(url, challenge);
    twice.searchParams.append('redirect_uri', 'https://evil.example/');
    assert.equal((await fetch(twice)).status, 400);
  });

  test('other methods, paths and forms that are too large', async () => {
    assert.equal((await fetch(`${url}/oauth/token`)).status, 405);
    assert.equal((await fetch(authorizeUrl(url, challenge), { method: 'PUT' })).status, 405);
    assert.equal((await fetch(`${url}/`)).status, 404);
    const large = await fetch(`${url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ x: 'y'.repeat(9000) }),
    });
    assert.equal(large.status, 413);
  });

  test('more requests than a fleet makes, and then others again', async () => {
    const server = await stage.start();
    const port = Number(server.listen.split(':').at(-1));
    const line = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
    const answers: string[] = [];
    for (let batch = 0; batch < 25 && !answers.includes('429'); batch++) {
      const socket = connect(port, '127.0.0.1');
      socket.write(line.repeat(80));
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
      await eventually('all are answered', async () => text.split('HTTP/1.1 ').length === 81);
      socket.destroy();
      answers.push(
        ...text
          .split('HTTP/1.1 ')
          .slice(1)
          .map((answer) => answer.slice(0, 3)),
      );
    }
    assert.ok(answers.includes('429'));
    assert.equal(answers[0], '404');
    await eventually('it is served again', async () => (await fetch(server.url)).status === 404);
  });
});
