import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { callbackUrl, readAuthorize } from '../../../src/accounts/token-server/authorize-request.js';
import { Codes } from '../../../src/accounts/token-server/codes.js';
import { parseService, parseServices } from '../../../src/accounts/token-server/config.js';
import { exchange } from '../../../src/accounts/token-server/exchange-request.js';
import { Fields } from '../../../src/accounts/token-server/form.js';
import { escapeHtml } from '../../../src/accounts/token-server/pages.js';
import { Rates } from '../../../src/accounts/token-server/rates.js';
import { newVerifier, redirect } from './stage.js';

const offer = { services: new Map([['rpl', 'h:1']]), clients: ['berty'] };
const { verifier, challenge } = newVerifier();
const well = {
  response_type: 'code',
  client_id: 'berty',
  redirect_uri: redirect,
  state: 's',
  code_challenge: challenge,
  code_challenge_method: 'S256',
};

test('one field that is another, in whatever way, gives no code', () => {
  assert.ok('challenge' in readAuthorize(new Fields(new URLSearchParams(well).toString()), offer));
  const names = Object.keys(well).filter((name) => name !== 'state' && name !== 'code_challenge');
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.string({ unit: 'binary' }), (name, value) => {
      const changed = { ...well, [name]: value };
      fc.pre(value !== Reflect.get(well, name));
      const read = readAuthorize(new Fields(new URLSearchParams(changed).toString()), offer);
      assert.ok('error' in read);
      assert.equal(read.redirect, name !== 'redirect_uri');
    }),
  );
});

test('any text is read as a query and as a form without an exception, and gives nothing', () => {
  const codes = new Codes();
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.tuple(fc.constantFrom(...Object.keys(well), 'code', 'code_verifier', 'grant_type'), fc.string()),
      )
      .map((pairs) => new URLSearchParams(pairs).toString()),
  );
  fc.assert(
    fc.property(text, (query) => {
      assert.ok('error' in readAuthorize(new Fields(query), offer));
      assert.ok('error' in exchange(new Fields(query), { codes, clients: offer.clients }));
    }),
  );
});

test('a state of ASCII comes back as it was, and can add nothing to the callback', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 512 }), (state) => {
      const read = readAuthorize(new Fields(new URLSearchParams({ ...well, state }).toString()), offer);
      assert.ok('challenge' in read);
      const url = callbackUrl({ code: 'c', state: read.state });
      assert.match(url, /^[\x21-\x7e]+$/, 'it fits into a field of HTTP');
      assert.ok(url.startsWith(`${redirect}?`));
      assert.deepEqual(Object.fromEntries(new URL(url).searchParams), { code: 'c', state });
    }),
  );
});

test('a code is good once, within its life, and for its verifier alone', () => {
  fc.assert(
    fc.property(fc.nat(120_000), fc.boolean(), fc.boolean(), (waitedMs, sameVerifier, sameClient) => {
      let now = 0;
      const codes = new Codes(60_000, () => now);
      const code = codes.issue({ client: 'berty', challenge, scope: ['rpl'] });
      assert.ok(code);
      now = waitedMs;
      const form = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        client_id: sameClient ? 'berty' : 'other',
        code_verifier: sameVerifier ? verifier : newVerifier().verifier,
      }).toString();
      const clients = ['berty', 'other'];
      const good = waitedMs <= 60_000 && sameVerifier && sameClient;
      assert.equal('challenge' in exchange(new Fields(form), { codes, clients }), good);
      assert.ok('error' in exchange(new Fields(form), { codes, clients }));
    }),
  );
});

test('codes that wait have a bound, and those that nobody fetches make room', () => {
  let now = 0;
  const codes = new Codes(60_000, () => now);
  const grant = { client: 'berty', challenge, scope: ['rpl'] };
  let issued = 0;
  while (codes.issue(grant) !== undefined) issued += 1;
  assert.equal(issued, 50_000);
  now = 119_000;
  assert.equal(codes.issue(grant), undefined);
  now = 121_000;
  assert.notEqual(codes.issue(grant), undefined);
});

test('a client that asks too often waits, others do not, and nobody is remembered for ever', () => {
  let now = 0;
  const rates = new Rates(() => now);
  const burst = Array.from({ length: 1_000 }, () => rates.admits('192.0.2.1')).filter(Boolean).length;
  assert.equal(burst, 300);
  assert.ok(rates.admits('192.0.2.2'));
  now += 1_000;
  assert.equal(Array.from({ length: 100 }, () => rates.admits('192.0.2.1')).filter(Boolean).length, 20);
  for (let i = 0; i < 20_000; i++) rates.admits(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  assert.equal(Array.from({ length: 1_000 }, () => rates.admits('192.0.2.1')).filter(Boolean).length, 300);
});

test('services are NAME@HOST:PORT, each once', () => {
  assert.deepEqual(parseService('rpl@[::1]:4103'), { name: 'rpl', endpoint: '[::1]:4103' });
  for (const text of [
    'rpl',
    '@h:1',
    'rpl@',
    'rpl@:1',
    'rpl@h',
    'rpl@h:0',
    'RPL@h:1',
    'rpl@unix:/x',
    'rpl@http://h:1',
  ]) {
    assert.throws(() => parseService(text), { code: 'SERVICE_INVALID', exitCode: 2 }, text);
  }
  assert.throws(() => parseServices(['rpl@a:1', 'rpl@b:2']), /named twice/);
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        assert.match(parseService(text).name, /^[a-z][a-z0-9]*$/);
      } catch (thrown) {
        assert.ok(thrown instanceof Error && 'code' in thrown && thrown.code === 'SERVICE_INVALID');
      }
    }),
  );
});

test('no text can end an attribute or begin a tag', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[<>"']/.test(escapeHtml(text))));
});
