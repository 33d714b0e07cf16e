import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { appendMetadata, forwardableMetadata, getMetadata, withoutMetadata } from '../../src/rpc/metadata.js';
import {
  decodeGrpcMessage,
  encodeGrpcMessage,
  httpToStatus,
  rstToStatus,
  status,
  statusNames,
} from '../../src/rpc/status.js';
import { formatGrpcTimeout, parseGrpcTimeout } from '../../src/rpc/timeout.js';

describe('grpc-status and grpc-message', () => {
  it('have a name for each code', () => {
    assert.equal(statusNames.length, 17);
    for (const [name, code] of Object.entries(status)) assert.equal(statusNames[code], name);
  });

  it('carry any text', () => {
    assert.equal(encodeGrpcMessage('plain (text)'), 'plain (text)');
    assert.equal(encodeGrpcMessage('100 %\nzoë'), '100 %25%0Azo%C3%AB');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = encodeGrpcMessage(text);
        assert.match(encoded, /^[\x20-\x7e]*$/);
        assert.equal(decodeGrpcMessage(encoded), text);
      }),
    );
  });

  it('never fail on a broken escape', () => {
    assert.equal(decodeGrpcMessage('100% sure %zz %4'), '100% sure %zz %4');
    assert.equal(decodeGrpcMessage('%41%zz%c3'), 'A%zz\ufffd');
    fc.assert(fc.property(fc.string(), (text) => typeof decodeGrpcMessage(text) === 'string'));
  });

  it('stand for HTTP statuses and HTTP/2 error codes', () => {
    const ofHttp = [400, 401, 403, 404, 429, 502, 503, 504, 200, 500, 302].map(httpToStatus);
    assert.deepEqual(ofHttp, [13, 16, 7, 12, 14, 14, 14, 14, 2, 2, 2]);
    const ofRst = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 99].map(rstToStatus);
    assert.deepEqual(ofRst, [13, 13, 13, 13, 13, 13, 13, 14, 1, 13, 13, 8, 7, 13, 13]);
  });
});

describe('grpc-timeout', () => {
  it('reads every unit and nothing else', () => {
    const good = ['1H', '2M', '3S', '4m', '5u', '6n', '99999999m', '0m'].map(parseGrpcTimeout);
    assert.deepEqual(good, [3_600_000, 120_000, 3000, 4, 0.005, 6e-6, 99_999_999, 0]);
    for (const bad of ['', 'm', '1', '123456789m', '-1m', '1.5S', '1s', ' 1m', '1m ', '+1m']) {
      assert.equal(parseGrpcTimeout(bad), undefined, bad);
    }
  });

  it('never grows, and loses little', () => {
    assert.deepEqual([250, 0, 1e9, 3e9, 1e12, 1e300].map(formatGrpcTimeout), [
      '250000u',
      '1u',
      '1000000S',
      '3000000S',
      '16666666M',
      '99999999H',
    ]);
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e13, noNaN: true }), (ms) => {
        const read = parseGrpcTimeout(formatGrpcTimeout(ms));
        assert.ok(
          read !== undefined && read <= ms * (1 + 1e-9) && read >= ms * 0.999 - 0.001,
          `${ms}: ${read}`,
        );
      }),
    );
  });
});

describe('metadata', () => {
  const metadata = ['a', '1', 'b', '2', 'a', '3'];

  it('are found, left out and added, in order', () => {
    assert.equal(getMetadata(metadata, 'a'), '1');
    assert.equal(getMetadata(metadata, 'c'), undefined);
    assert.equal(getMetadata(['c', 'a'], 'a'), undefined, 'a value is no name');
    assert.deepEqual(withoutMetadata(metadata, 'a'), ['b', '2']);
    assert.deepEqual(withoutMetadata(metadata, 'a', 'b'), []);
    assert.deepEqual(appendMetadata(metadata, 'c', '4'), [...metadata, 'c', '4']);
  });

  it('are passed on without what belongs to a connection', () => {
    const raw = [
      ':path',
      '/a/b',
      'TE',
      'trailers',
      'X-Key',
      'v',
      'grpc-timeout',
      '1S',
      'connection',
      'x',
      'x-key',
      'w',
    ];
    assert.deepEqual(
      forwardableMetadata([...raw, 'content-length', '3', 'host', 'h', 'grpc-encoding', 'gzip']),
      ['x-key', 'v', 'x-key', 'w', 'grpc-encoding', 'gzip'],
    );
  });
});
