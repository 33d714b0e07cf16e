import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PosternError } from '../../src/errors.js';
import { formatAddress, parseAddress } from '../../src/wire/address.js';

test('an address is read and written back', () => {
  const cases = [
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['grpc.example.org:50051', { host: 'grpc.example.org', port: 50_051 }],
    [':8080', { host: '', port: 8_080 }],
    ['[::1]:443', { host: '::1', port: 443 }],
    ['unix:/run/x.sock', { path: '/run/x.sock' }],
    ['unix:x.sock', { path: 'x.sock' }],
  ] as const;
  for (const [text, address] of cases) {
    assert.deepEqual(parseAddress(text), address);
    assert.equal(formatAddress(address), text);
  }
  assert.deepEqual(parseAddress('unix:///run/x.sock'), { path: '/run/x.sock' });
});

test('port 0 is for listeners only', () => {
  assert.deepEqual(parseAddress('127.0.0.1:0', 'listen'), { host: '127.0.0.1', port: 0 });
  assert.throws(() => parseAddress('127.0.0.1:0'), /port 0 cannot be dialled/);
});

test('what is no address is refused with the text, the reason and what to write', () => {
  const bad: [string, RegExp][] = [
    ['localhost', /the port is missing/],
    ['', /the port is missing/],
    ['localhost:', /the port is not a number/],
    ['localhost:http', /the port is not a number/],
    ['localhost:65536', /the port is above 65535/],
    ['::1:80', /must stand in brackets/],
    ['[::x]:80', /'::x' is not an IPv6 address/],
    ['http://localhost:80', /it is a URL/],
    ['a b:80', /'a b' is not a host name/],
    ['unix:', /the path is missing/],
    [`unix:/${'x'.repeat(200)}`, /longer than 107 bytes/],
  ];
  for (const [text, reason] of bad) {
    assert.throws(
      () => parseAddress(text),
      (error) => {
        assert.ok(error instanceof PosternError);
        assert.equal(error.code, 'ADDRESS_INVALID');
        assert.equal(error.exitCode, 2);
        assert.match(error.message, reason);
        assert.ok(error.message.includes(`'${text}'`));
        assert.match(error.hint ?? '', /HOST:PORT/);
        return true;
      },
    );
  }
});

test('any text is either an address that is written back alike or a PosternError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.tuple(fc.domain(), fc.nat(70_000)).map((p) => p.join(':')),
      ),
      (text) => {
        try {
          const address = parseAddress(text);
          assert.deepEqual(parseAddress(formatAddress(address)), address);
        } catch (error) {
          assert.ok(error instanceof PosternError, String(error));
        }
      },
    ),
  );
});
