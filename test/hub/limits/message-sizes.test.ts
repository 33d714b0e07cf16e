import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MessageSizes } from '../../../src/hub/limits/message-sizes.js';

function framed(length: number, flag = 0): Buffer {
  const frame = Buffer.alloc(5 + length, 0xff);
  frame[0] = flag;
  frame.writeUInt32BE(length, 1);
  return frame;
}

/** The bytes in pieces, cut where `cuts` says. */
function* pieces(bytes: Buffer, cuts: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const end = cut % (bytes.length + 1);
    if (end <= at) continue;
    yield bytes.subarray(at, end);
    at = end;
  }
  yield bytes.subarray(at);
}

describe('the sizes of messages', () => {
  it('are told wherever the bytes are cut', () => {
    const lengths = fc.array(fc.nat(40), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lengths, fc.array(fc.nat(600)), fc.nat(40), fc.nat(1), (sizes, cuts, most, flag) => {
        const sizesOf = new MessageSizes(most);
        const bytes = Buffer.concat(sizes.map((size) => framed(size, flag)));
        let found: number | undefined;
        for (const piece of pieces(bytes, cuts)) found ??= sizesOf.tooLarge(piece);
        assert.equal(
          found,
          sizes.find((size) => size > most),
        );
      }),
    );
  });

  it('are told by the prefix alone, before the message is there', () => {
    assert.equal(new MessageSizes(100).tooLarge(framed(101).subarray(0, 5)), 101);
    assert.equal(new MessageSizes(100).tooLarge(framed(101).subarray(0, 4)), undefined);
    assert.equal(new MessageSizes(2 ** 32).tooLarge(Buffer.from([0, 255, 255, 255, 255])), undefined);
    assert.equal(new MessageSizes(2 ** 32 - 2).tooLarge(Buffer.from([1, 255, 255, 255, 255])), 2 ** 32 - 1);
  });
});
