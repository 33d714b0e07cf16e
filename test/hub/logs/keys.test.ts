import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readRange } from '../../../src/hub/logs/http-range.js';
import { isKey, keyOf, keyPath } from '../../../src/hub/logs/keys.js';

describe('the key of a file', () => {
  it('is laid out as the controllers of before do it', () => {
    assert.equal(
      keyOf({ folder: '2031-05-04', name: 'n1', file: 'sub/a b.log' }),
      'test-run-2031-05-04/n1/sub/a b.log',
    );
  });

  it('is refused where a part of it could lead elsewhere or hide something', () => {
    const places = [
      { folder: '..', name: 'n', file: 'f' },
      { folder: 'a/b', name: 'n', file: 'f' },
      { folder: 'a', name: '', file: 'f' },
      { folder: 'a', name: '.', file: 'f' },
      { folder: 'a', name: 'n', file: '../f' },
      { folder: 'a', name: 'n', file: '/f' },
      { folder: 'a', name: 'n', file: 'x//f' },
      { folder: 'a', name: 'n', file: 'x/' },
      { folder: 'a', name: 'n', file: 'x\\..\\f' },
      { folder: 'a', name: 'n', file: 'x\u0000' },
      { folder: 'a', name: 'n', file: 'x\ny' },
      { folder: 'a', name: 'n', file: 'x\u202egol' },
      { folder: 'a', name: 'n', file: 'x\ud800' },
      { folder: 'a', name: 'n', file: 'é'.repeat(128) },
      { folder: 'a', name: 'n', file: Array(19).fill('d').join('/') },
    ];
    for (const place of places) {
      assert.throws(() => keyOf(place), { code: 'UPLOAD_REFUSED' }, JSON.stringify(place));
    }
  });

  it('stays where it belongs, and can be told from everything else', () => {
    const part = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('..', '.', '', 'a', '%2e%2e', '-'),
    );
    const file = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(fc.record({ folder: part, name: part, file }), (place) => {
        let key: string;
        try {
          key = keyOf(place);
        } catch {
          return;
        }
        assert.equal(posix.normalize(key), key);
        assert.equal(key.split('/').length, 2 + place.file.split('/').length);
        assert.ok(isKey(key));
        assert.ok(!isKey(`/${key}`) && !isKey(`${key}/..`) && !isKey(`x${key}`));
        const { pathname } = new URL(keyPath(key), 'http://hub/logs/');
        assert.equal(pathname.slice('/logs/'.length).split('/').map(decodeURIComponent).join('/'), key);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a range of a file', () => {
  it('is the bytes that RFC 9110 says, and all of it where it is not understood', () => {
    const whole = Buffer.from('0123456789');
    const cut = (field: string) => {
      const range = readRange(field, whole.length);
      return typeof range === 'object' ? whole.subarray(range.from, range.to).toString() : range;
    };
    assert.equal(cut('bytes=0-0'), '0');
    assert.equal(cut('bytes=2-4'), '234');
    assert.equal(cut('bytes=8-'), '89');
    assert.equal(cut('bytes=8-99999'), '89');
    assert.equal(cut('bytes=-3'), '789');
    assert.equal(cut('bytes=-99'), '0123456789');
    assert.equal(cut('bytes=10-'), 'none');
    assert.equal(cut('bytes=-0'), 'none');
    for (const all of ['bytes=4-2', 'bytes=-', 'bytes=1-2,4-5', 'lines=1-2', 'bytes=a-b', '']) {
      assert.equal(cut(all), undefined, all);
    }
    assert.equal(readRange('bytes=0-', 0), 'none');
  });
});
