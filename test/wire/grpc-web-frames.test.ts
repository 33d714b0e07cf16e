import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameScanner, foundTrailers, trailersFrame } from '../../src/wire/grpc-web-frames.js';
import { Base64Reader, Base64Writer } from '../../src/wire/grpc-web-text.js';
import { frame, framesOf, unbase64 } from '../support/grpc-web/frames.js';

const payloads = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
const cuts = fc.array(fc.nat(300), { maxLength: 8 });

/** The bytes in pieces. */
function pieces(bytes: Buffer, at: readonly number[]): Buffer[] {
  const ends = [...new Set(at.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

test('a scanner knows the ends of messages however their bytes are cut', () => {
  fc.assert(
    fc.property(payloads, cuts, (given, at) => {
      const bytes = Buffer.concat(given.map((payload) => frame(payload)));
      let last = 0;
      const ends = given.map(({ length }) => (last += 5 + length));
      const scanner = new FrameScanner();
      let offset = 0;
      for (const piece of pieces(bytes, at)) {
        const boundary = scanner.scan(piece);
        const within = ends.filter((end) => end > offset && end <= offset + piece.length);
        assert.equal(boundary, within.length === 0 ? 0 : (within.at(-1) ?? 0) - offset);
        offset += piece.length;
        assert.equal(scanner.whole, offset === 0 || ends.includes(offset));
      }
    }),
  );
});

test('a scanner finds trailers wherever a frame of them begins, and nowhere within a message', () => {
  fc.assert(
    fc.property(payloads, cuts, fc.integer({ min: 0x80, max: 0xff }), (given, at, flag) => {
      const messages = given.map((payload) => frame(Buffer.from(payload).fill(0xff)));
      const scanner = new FrameScanner();
      for (const piece of pieces(Buffer.concat(messages), at)) assert.ok(scanner.scan(piece) >= 0);
      assert.equal(scanner.scan(Buffer.concat([frame('x', 1), frame('', flag)])), foundTrailers);
    }),
  );
});

test('a frame of trailers counts its bytes', () => {
  assert.deepEqual(framesOf(trailersFrame('a: \xe9\r\n')).trailers, [['a', '\xe9']]);
});

test('base64 is read however it is cut, in padded pieces too', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 5 }), cuts, (given, at) => {
      const text = given.map((bytes) => Buffer.from(bytes).toString('base64')).join('');
      const reader = new Base64Reader();
      const read = pieces(Buffer.from(text), at).map((piece) => reader.read(piece) ?? assert.fail());
      assert.deepEqual(Buffer.concat(read), Buffer.concat(given));
      assert.equal(reader.whole, true);
    }),
  );
});

test('what is no base64 is refused, however it is cut', () => {
  for (const text of [
    'AA-A',
    'AA_A',
    'AA A',
    'A\nAA',
    '=',
    'A=',
    'AA=A',
    'AA=AA',
    'AA=',
    'AAAA=',
    '====',
    'AAA\xff',
  ]) {
    for (const size of [1, 2, 3, 8]) {
      const reader = new Base64Reader();
      let bad = false;
      for (let at = 0; at < text.length && !bad; at += size) {
        bad = reader.read(Buffer.from(text.slice(at, at + size), 'latin1')) === undefined;
      }
      assert.ok(bad || !reader.whole, `${JSON.stringify(text)} in pieces of ${size}`);
    }
  }
});

test('written base64 tells every message as soon as its last byte was written', () => {
  fc.assert(
    fc.property(payloads, cuts, (given, at) => {
      const bytes = Buffer.concat(given.map((payload) => frame(payload)));
      const [scanner, writer] = [new FrameScanner(), new Base64Writer()];
      let [text, offset, boundary] = ['', 0, 0];
      for (const piece of pieces(bytes, at)) {
        const flushTo = scanner.scan(piece);
        if (flushTo > 0) boundary = offset + flushTo;
        offset += piece.length;
        text += writer.write(piece, flushTo);
        assert.equal(text.length % 4, 0);
        const told = unbase64(text);
        assert.ok(told.length >= boundary && told.length >= offset - 2);
        assert.deepEqual(told, bytes.subarray(0, told.length));
      }
    }),
  );
});
