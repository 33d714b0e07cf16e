import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalHost, canonicalName } from '../../../src/wire/host-name.js';
import { routerOf } from './router-of.js';

/** A header's value as Node gives it: one character per byte. */
const wire = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

describe('the host that a client calls', () => {
  it('is compared in one form, however it is written', () => {
    const rows: [string, string][] = [
      ['accounts.test', 'accounts.test'],
      ['Accounts.TEST', 'accounts.test'],
      ['accounts.test.', 'accounts.test'],
      ['accounts.test:443', 'accounts.test'],
      ['ACCOUNTS.test.:8443', 'accounts.test'],
      ['accounts.test:', 'accounts.test'],
      ['me@accounts.test:443', 'accounts.test'],
      ['xn--bcher-kva.test', 'xn--bcher-kva.test'],
      [wire('bücher.test'), 'xn--bcher-kva.test'],
      [wire('BÜCHER.test.:443'), 'xn--bcher-kva.test'],
      [wire('ａccounts.test'), 'accounts.test'],
      [wire('accounts。test'), 'accounts.test'],
      ['[::1]:443', '::1'],
      ['[0:0:0:0:0:0:0:1]', '::1'],
      ['[FE80::ABCD]', 'fe80::abcd'],
      ['my_service', 'my_service'],
      ['', ''],
      [':443', ''],
      ['accounts.test..', ''],
      ['accounts..test', ''],
      ['[::1', ''],
      ['[fe80::1%25eth0]:1', ''],
      ['%2Frun%2Fpostern.sock', ''],
      ['accounts.test/x', ''],
      ['accounts.test,other.test', ''],
      ['a b', ''],
      ['accounts.test:443:443', ''],
      [wire('\u0000'), ''],
    ];
    for (const [authority, host] of rows) assert.equal(canonicalHost(authority), host, authority);
  });

  it('never has anything but the letters of a host name, and is its own form', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.webAuthority(), fc.domain(), fc.string({ unit: 'binary' })),
        (text) => {
          const host = canonicalHost(wire(text));
          assert.match(host, /^[a-z0-9._:-]*$/);
          assert.equal(canonicalName(host), host);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('falls to the rows without a host where no row names it, and to the hub where there are none', async () => {
    const router = await routerOf([
      { host: 'BÜCHER.test', node: 'books' },
      { host: '*.Below.test', node: 'below' },
      { host: '[::0001]', node: 'six' },
      { pathPrefix: '/any.', node: 'any' },
    ]);
    const routed = (authority: string, path = '/any.S/M') => {
      const to = router.route({ authority, path, metadata: [], listener: '127.0.0.1:8080' });
      return to.kind === 'node' ? to.node : to.kind;
    };
    assert.equal(routed(wire('bücher.test:443')), 'books');
    assert.equal(routed('XN--BCHER-KVA.test.'), 'books');
    assert.equal(routed('a.b.below.test:1'), 'below');
    assert.equal(routed('[::1]:443'), 'six');
    for (const other of ['', 'below.test', 'unknown.test', 'bücher.test', '%2Fsocket', '127.0.0.1:9090']) {
      assert.equal(routed(other), 'any', other);
      assert.equal(routed(other, '/other.S/M'), 'hub', other);
    }
  });
});
