import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CorsPolicy, isOriginPattern, isPreflight } from '../../src/wire/cors.js';

const policy = (...origins: string[]): CorsPolicy => new CorsPolicy({ origins, maxAgeSeconds: 600 });
const preflight = (more: Record<string, string> = {}) => ({
  origin: 'https://app.example.org',
  'access-control-request-method': 'POST',
  ...more,
});

describe('an origin that is judged', () => {
  const one = policy('https://app.example.org', 'https://*.example.com', 'http://localhost:3000');
  const cases: readonly (readonly [origin: string | undefined, allow: string | undefined])[] = [
    [undefined, ''],
    ['https://app.example.org', 'https://app.example.org'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['https://a.example.com', 'https://a.example.com'],
    ['https://a.b.example.com', 'https://a.b.example.com'],
    ['https://example.com', undefined],
    ['https://evil-example.com', undefined],
    ['https://.example.com', undefined],
    ['https://evil.org/.example.com', undefined],
    ['https://evil.org#.example.com', undefined],
    ['http://a.example.com', undefined],
    ['https://a.example.com:8443', undefined],
    ['http://app.example.org', undefined],
    ['https://app.example.org.evil.org', undefined],
    ['https://app.example.org, https://evil.org', undefined],
    ['http://localhost', undefined],
    ['null', undefined],
    ['', undefined],
    ['*', undefined],
  ];
  for (const [origin, allow] of cases) {
    test(`${origin ?? 'none'} is ${allow === undefined ? 'refused' : 'let in'}`, () => {
      const verdict = one.judge(origin, 'hub.test:8080', false);
      assert.deepEqual(verdict, allow === undefined ? { ok: false } : { ok: true, allow });
    });
  }

  test('nothing is let in by default but the same origin', () => {
    const none = policy();
    const same = (origin: string, authority: string, secure: boolean): boolean =>
      none.judge(origin, authority, secure).ok;
    assert.equal(same('https://app.example.org', 'hub.test', true), false);
    assert.equal(same('https://hub.test', 'hub.test', true), true);
    assert.equal(same('https://hub.test', 'HUB.test:443', true), true);
    assert.equal(same('https://hub.test:8443', 'hub.test:8443', true), true);
    assert.equal(same('https://hub.test', 'hub.test:8443', true), false);
    assert.equal(same('http://hub.test', 'hub.test', true), false, 'a page that anybody may have written');
    assert.equal(same('http://hub.test', 'hub.test', false), true);
    assert.equal(same('https://hub.test', 'hub.test', false), true, 'TLS may end before the hub');
    assert.equal(same('http://[::1]:8080', '[::1]:8080', false), true);
    assert.equal(same('null', 'null', false), false);
    assert.equal(same('http://', '', false), false);
  });

  test('a star lets everybody in, and names nobody', () => {
    assert.deepEqual(policy('*').judge('https://any.org', 'hub.test', true), { ok: true, allow: '*' });
    assert.deepEqual(policy('*').judge('null', 'hub.test', true), { ok: true, allow: '*' });
  });
});

describe('a preflight', () => {
  const one = policy('https://app.example.org');
  const answer = (headers: Record<string, string>) => one.preflight(headers, 'hub.test', true);

  test('is one only with an origin and the method that is asked for', () => {
    assert.equal(isPreflight('OPTIONS', preflight()), true);
    assert.equal(isPreflight('POST', preflight()), false);
    assert.equal(isPreflight('OPTIONS', { origin: 'https://app.example.org' }), false);
  });

  test('is answered with what was asked for, and for no cookies', () => {
    const asked = { 'access-control-request-headers': 'content-type,x-grpc-web, Authorization' };
    assert.deepEqual(answer(preflight(asked)), {
      'access-control-allow-origin': 'https://app.example.org',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type,x-grpc-web,authorization',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    });
  });

  const refused: Readonly<Record<string, Record<string, string>>> = {
    'of another origin': { origin: 'https://evil.org' },
    'for another method': { 'access-control-request-method': 'DELETE' },
    'for a header that has no name': { 'access-control-request-headers': 'a,,b' },
    'for a header that could end a line': { 'access-control-request-headers': 'a\r\nset-cookie: b' },
    'for too many headers': { 'access-control-request-headers': `a${',a'.repeat(3_000)}` },
  };
  for (const [what, more] of Object.entries(refused)) {
    test(`${what} is refused`, () => assert.equal(answer(preflight(more)), undefined));
  }
});

test('a list of origins takes origins, names below one, and a star alone', () => {
  for (const good of ['https://a.org', 'http://localhost:3000', 'https://*.a.org', 'http://[::1]:80', '*']) {
    assert.equal(isOriginPattern(good), true, good);
  }
  for (const bad of [
    'a.org',
    'https://a.org/',
    'https://*',
    'https://a.*.org',
    '*.a.org',
    'null',
    'ftp://a',
    '',
    'https://*a.org',
    'HTTPS://a.org',
  ]) {
    assert.equal(isOriginPattern(bad), false, bad);
  }
});
