import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { imageOf, leastImageBytes, lineOfImage } from '../../../src/agent/tests/image.js';
import { imagePayloadOf, messageIdOf, payloadHash } from '../../../src/agent/tests/payload.js';
import { decodePng } from './png-decoder.js';

const id = { run: 'r1', test: 'pictures', from: 'north', seq: 7 };
/** As long as a line can be. */
const longest = {
  ...{ run: 'r'.repeat(64), test: 't'.repeat(64), from: 'n'.repeat(63) },
  seq: 999_999_999_999_999,
};

describe('an image of a test', () => {
  test('is a whole PNG of exactly the size asked for, whatever that is', () => {
    const sizes = fc.oneof(
      fc.integer({ min: leastImageBytes, max: 4_000 }),
      // around the blocks of zlib
      fc.integer({ min: 8_000, max: 300_000 }),
    );
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 1_000_000 }), fc.boolean(), (size, seq, long) => {
        const which = { ...(long ? longest : id), seq };
        const image = imagePayloadOf(which, size);
        assert.equal(image.length, size);
        const { pixels, texts, chunks } = decodePng(image);
        assert.deepEqual(chunks, ['IHDR', 'tEXt', 'poSt', 'IDAT', 'IEND']);
        assert.deepEqual(texts, [
          ['postern', `postern/1 ${which.run} ${which.test} ${which.from} ${which.seq}\n`],
        ]);
        assert.ok(pixels.length > 0);
        assert.deepEqual(messageIdOf(image), which);
      }),
      { numRuns: 150 },
    );
  });

  test('is mostly pixels, and a large one is one, too', () => {
    for (const size of [10_000, 1_000_000, 3_900_000]) {
      const image = imagePayloadOf(longest, size);
      assert.equal(image.length, size);
      const { width, height, pixels } = decodePng(image);
      assert.equal(pixels.length, width * height * 3);
      assert.ok(pixels.length > size * 0.9, `${pixels.length} of ${size} bytes are pixels`);
    }
  });

  test('is the same each time, and another for each message', () => {
    const hashes = [1, 2, 1].map((seq) => payloadHash(imagePayloadOf({ ...id, seq }, 2_000)));
    assert.equal(hashes[0], hashes[2]);
    assert.notEqual(hashes[0], hashes[1]);
    const [one, other] = [1, 2].map((seq) => decodePng(imagePayloadOf({ ...id, seq }, 2_000)).pixels);
    assert.notDeepEqual(one, other);
  });

  test('names no message when its line is damaged, or when it is another image', () => {
    const image = Buffer.from(imagePayloadOf(id, 1_000));
    const at = image.indexOf('north');
    image[at] = 'N'.charCodeAt(0);
    assert.equal(messageIdOf(image), undefined);
    assert.equal(lineOfImage(image), undefined);
    for (const length of [0, 8, 33, 40, 44, 60]) {
      assert.equal(messageIdOf(imagePayloadOf(id, 1_000).subarray(0, length)), undefined, `${length} bytes`);
    }
    assert.equal(messageIdOf(imageOf('something else\n', 600)), undefined);
    const far = Buffer.from(imagePayloadOf(id, 1_000));
    far.writeUInt32BE(0xffff_ffff, 33);
    assert.equal(messageIdOf(far), undefined);
  });

  test('is read by a decoder that refuses what is damaged', () => {
    const image = Buffer.from(imagePayloadOf(id, 3_000));
    for (const at of [0, 20, 60, 1_500, image.length - 1]) {
      const broken = Buffer.from(image);
      broken[at] = (broken[at] ?? 0) ^ 1;
      assert.throws(() => decodePng(broken), /PNG/, `byte ${at}`);
    }
    assert.throws(() => decodePng(image.subarray(0, -12)), /PNG/);
  });
});
