import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBelow, readPath, stripped } from '../../../src/hub/routes/path.js';
import { routerOf } from './router-of.js';

/** What a service may make of a path: each is the reading of some server. */
const readings: ((path: string) => string)[] = [
  (path) => path,
  (path) => decodeURIComponent(path),
  (path) => decodeURIComponent(decodeURIComponent(path)),
  (path) => new URL(`http://host${path}`).pathname,
  (path) => new URL(`http://host${decodeURIComponent(path)}`).pathname,
  (path) => path.replaceAll('\\', '/'),
  (path) =>
    decodeURIComponent(path)
      .replaceAll('\\', '/')
      .replace(/\/{2,}/g, '/'),
  // Servlets take parameters off each segment.
  (path) => decodeURIComponent(path).replace(/;[^/]*/g, ''),
  (path) => path.split('#', 1)[0] ?? '',
  (path) => path.split('\0', 1)[0] ?? '',
];

const pieces = fc.constantFrom(
  ...[
    '/',
    '/',
    '/',
    '//',
    'api',
    'admin',
    'a',
    'i',
    '.',
    '..',
    '/.',
    '/..',
    '/../',
    '%2e',
    '%2E',
    '%2f',
    '%2F',
  ],
  ...[
    '%5c',
    '\\',
    ';',
    ';x=1',
    '%3b',
    '%61',
    '%41',
    '%25',
    '%2561',
    '%252e',
    '%00',
    '%',
    '%zz',
    '%c0%ae',
    '%c3%a9',
    '%20',
    '%20',
    '%09',
    '%0a',
    '#',
    '\0',
    '~',
    '-',
    '+',
    '%2d',
    'é',
  ],
);

describe('a path', () => {
  it('lies below a prefix by whole segments, or literally where the prefix ends in . or /', () => {
    const rows: [string, string, boolean][] = [
      ['/api', '/api', true],
      ['/api/', '/api', true],
      ['/api/x', '/api', true],
      ['/apix', '/api', false],
      ['/ap', '/api', false],
      ['/API', '/api', false],
      ['/api', '/api/', false],
      ['/api/x', '/api/', true],
      ['/etcdserverpb.KV/Put', '/etcdserverpb.', true],
      ['/etcdserverpb.KV/Put', '/etcdserverpb', false],
      ['/etcdserverpb.KV/Put', '/etcdserverpb.KV', true],
      ['/etcdserverpb.KV2/Put', '/etcdserverpb.KV', false],
      ['/anything', '/', true],
    ];
    for (const [path, prefix, below] of rows) assert.equal(isBelow(path, prefix), below, `${path} ${prefix}`);
  });

  it('is read in one form, or refused', () => {
    const good: [string, string][] = [
      ['/pkg.Service/Method', '/pkg.Service/Method'],
      ['/', '/'],
      ['/%61pi/%7Eme', '/api/~me'],
      ['/a%20b/%C3%A9', '/a%20b/%C3%A9'],
      ['/a.b/..c/...', '/a.b/..c/...'],
      ["/a:b@c,d=e!$&'()*+", "/a:b@c,d=e!$&'()*+"],
      ['/100%25', '/100%25'],
    ];
    for (const [target, path] of good) {
      const read = readPath(target);
      assert.equal(read.ok ? read.path : '', path, target);
    }
    const bad = [
      ...[
        '',
        'api',
        '*',
        'http://host/api',
        '/a//b',
        '//a',
        '/./a',
        '/a/.',
        '/a/..',
        '/../a',
        '/a\\b',
        '/a;b',
        '/a#b',
      ],
      ...[
        '/a%2e',
        '/%2e%2e/a',
        '/.%2E/a',
        '/a%2fb',
        '/a%5Cb',
        '/a%3bb',
        '/a%00',
        '/a%0a',
        '/a%7f',
        '/a%20',
        '/a%20/b',
        '/a%252e',
        '/a%2561',
        '/a%',
        '/a%2',
        '/a%zz',
      ],
      ...['/a%c0%ae', '/a%ff', '/é', '/a b', '/a\tb', '/%25%32%65'],
    ];
    for (const target of bad) assert.equal(readPath(target).ok, false, target);
  });

  it('keeps its query as it came', () => {
    const read = readPath('/api?a=/../%2e;\\#x?y');
    assert.deepEqual(read, { ok: true, path: '/api', query: '?a=/../%2e;\\#x?y' });
  });

  it('is given on without the prefix of its row', () => {
    assert.equal(stripped('/api', '/api'), '/');
    assert.equal(stripped('/api/x', '/api'), '/x');
    assert.equal(stripped('/api/x', '/api/'), '/x');
    assert.equal(stripped('/x', '/'), '/x');
  });

  it('reaches no row that a service would read it past', async () => {
    const router = await routerOf([
      { pathPrefix: '/', to: 'http://127.0.0.1:1', access: 'public' },
      { pathPrefix: '/api', to: 'http://127.0.0.1:2' },
      { pathPrefix: '/api/admin', to: 'http://127.0.0.1:3', roles: ['admin'] },
      { pathPrefix: '/a/', to: 'http://127.0.0.1:4' },
    ]);
    const rowFor = (path: string) => {
      const to = router.routeHttp({ listener: '127.0.0.1:8080', host: '', path });
      return to.kind === 'service' ? to.service.url : to.kind;
    };
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 7 }), (parts) => {
        const target = `/${parts.join('')}`;
        const read = readPath(target);
        if (!read.ok) return;
        accepted += 1;
        const decided = rowFor(target);
        for (const [index, reading] of readings.entries()) {
          let seen: string;
          try {
            seen = reading(read.path);
          } catch {
            continue; // a server that cannot read it refuses it
          }
          const segments = (text: string) => text.split('/').filter((one) => one !== '');
          const wanted = segments(seen);
          const is = (...prefix: string[]) => prefix.every((one, at) => wanted[at] === one);
          const expected = is('api', 'admin') ? 3 : is('api') ? 2 : is('a') && seen.startsWith('/a/') ? 4 : 1;
          assert.equal(decided, `http://127.0.0.1:${expected}`, `${target} as ${seen} (reading ${index})`);
        }
      }),
      { numRuns: 20_000 },
    );
    assert.ok(accepted > 500, `only ${accepted} paths were taken`);
  });
});
