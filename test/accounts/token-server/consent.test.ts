import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Consent } from '../../../src/accounts/token-server/consent.js';
import { answerOf } from '../../../src/agent/infra/token-page.js';
import { authorizeUrl, markOf, newVerifier, TokenStage } from './stage.js';

/** What a form is answered, with fields as browsers send them, which scripts and `fetch` may not set. */
function send(
  page: URL,
  form: Record<string, string>,
  headers: Record<string, string>,
): Promise<{ status: number; leads: string; text: string }> {
  const body = new URLSearchParams(form).toString();
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return new Promise((resolve, reject) => {
    request(page, { method: 'POST', headers: { ...type, ...headers }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const leads = String(response.headers['x-auth-redirect'] ?? '');
        resolve({ status: response.statusCode ?? 0, leads, text });
      });
    })
      .on('error', reject)
      .end(body);
  });
}

describe('the form of a token server', () => {
  let stage: TokenStage;
  let url: string;
  let host: string;
  const { challenge } = newVerifier();
  before(async () => {
    stage = await TokenStage.open();
    const server = await stage.start({ noClick: false });
    ({ url, listen: host } = server);
  });
  after(() => stage.close());

  const fields = async (page: URL) => ({ rpl_selected: '1', consent: await markOf(page) });

  test('is believed of its own page, by what browsers say of it', async () => {
    const page = authorizeUrl(url, challenge);
    for (const said of [
      { 'sec-fetch-site': 'same-origin', origin: `http://${host}` },
      { origin: `http://${host}` },
      // Something in front has taken the TLS off.
      { origin: `https://${host}` },
      {},
    ]) {
      const { status, leads } = await send(page, await fields(page), said);
      assert.deepEqual([status, /code=/.test(leads)], [200, true], JSON.stringify(said));
    }
  });

  test('is not believed of another page, whatever else is right', async () => {
    const page = authorizeUrl(url, challenge);
    for (const said of [
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: `http://${host}` },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:1` },
      { origin: `http://${host}.evil.example` },
    ]) {
      const { status, leads, text } = await send(page, await fields(page), said);
      assert.deepEqual([status, leads], [403, ''], JSON.stringify(said));
      assert.match(text, /another place/);
    }
  });

  test('is not believed without the mark of a page about the same request', async () => {
    const page = authorizeUrl(url, challenge);
    const mark = await markOf(page);
    const others = [
      authorizeUrl(url, challenge, { state: 'another state' }),
      authorizeUrl(url, newVerifier().challenge),
      authorizeUrl(url, challenge, { scope: 'rpl' }),
    ];
    const said = { 'sec-fetch-site': 'same-origin', origin: `http://${host}` };
    for (const other of others) {
      const { status, leads } = await send(other, { rpl_selected: '1', consent: mark }, said);
      assert.deepEqual([status, leads], [403, ''], other.search);
    }
    for (const consent of ['', 'x', `9${mark}`, `${mark}x`, mark.replace(/.$/, '~')]) {
      const { status, leads, text } = await send(page, { rpl_selected: '1', consent }, said);
      assert.deepEqual([status, leads], [403, ''], consent);
      assert.match(text, /open the link again/);
    }
    const restarted = await stage.start({ noClick: false });
    const there = authorizeUrl(restarted.url, challenge);
    assert.equal((await send(there, { rpl_selected: '1', consent: mark }, {})).status, 403);
  });

  test('has its page told by browsers, which a policy without any referrer would forbid', async () => {
    const page = await fetch(authorizeUrl(url, challenge));
    assert.equal(page.headers.get('referrer-policy'), 'same-origin');
  });

  test('is sent by an agent in the place of its user, with all that the page holds', async () => {
    const page = authorizeUrl(url, challenge);
    const asked = { asked: url, service: 'rpl' };
    assert.match(await answerOf(page.href, asked, AbortSignal.timeout(20_000)), /[?&]code=/);
  });
});

test('a page may be looked at for ten minutes', () => {
  let nowMs = 1_000;
  const consent = new Consent(() => nowMs);
  const asked = { client: 'berty', challenge: 'c', scope: ['rpl'], state: 's' };
  const mark = consent.markFor(asked);
  nowMs += 600_000;
  assert.equal(consent.isFor(asked, mark), true);
  nowMs += 1;
  assert.equal(consent.isFor(asked, mark), false);
  assert.equal(new Consent(() => 1_000).isFor(asked, mark), false);
});
