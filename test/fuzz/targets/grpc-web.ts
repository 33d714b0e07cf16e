import assert from 'node:assert/strict';
import { FrameScanner, foundTrailers } from '../../../src/wire/grpc-web-frames.js';
import { Base64Reader, Base64Writer } from '../../../src/wire/grpc-web-text.js';
import { frame, framesOf, unbase64 } from '../../support/grpc-web/frames.js';
import type { Corpus, FuzzTarget } from '../target.js';

/** What became of a body. */
interface Read {
  readonly bytes: Buffer;
  /** Broken, or between two messages, or within one. */
  readonly end: 'broken' | 'whole' | 'within';
}

/**
 * Bodies of gRPC-web, as bytes and as text: however one is cut, it is read the same, and as the simplest reader of it
 * does. What is read of it is written as base64 that says the same.
 */
export function webBodies(corpus: Corpus): FuzzTarget {
  const bodies = [
    Buffer.concat([frame('one'), frame(''), frame('zipped', 1)]),
    Buffer.concat([frame('x'), frame('grpc-status: 0\r\n', 0x80)]),
    frame('payload').subarray(0, 9),
    ...corpus.descriptors.slice(0, 4).map((bytes) => frame(bytes.subarray(0, 500))),
  ];
  const texts = bodies.map((body) => Buffer.from(body.toString('base64')));
  return {
    seeds: [...bodies, ...texts, Buffer.concat(texts)],
    feed(input) {
      for (const text of [false, true]) {
        const atOnce = read([input], text);
        for (const size of [1, 3, 7]) {
          const pieces = Array.from({ length: Math.ceil(input.length / size) }, (_, i) =>
            input.subarray(i * size, (i + 1) * size),
          );
          const inPieces = read(pieces, text);
          assert.equal(inPieces.end, atOnce.end, 'a body that is cut otherwise ends otherwise');
          if (atOnce.end === 'whole' || atOnce.end === 'within')
            assert.deepEqual(inPieces.bytes, atOnce.bytes);
        }
        simplyRead(input, text, atOnce);
      }
    },
  };
}

function read(pieces: readonly Buffer[], text: boolean): Read {
  const scanner = new FrameScanner();
  const reader = text ? new Base64Reader() : undefined;
  const writer = new Base64Writer();
  const parts: Buffer[] = [];
  let written = '';
  for (const piece of pieces) {
    const bytes = reader === undefined ? piece : reader.read(piece);
    if (bytes === undefined) return { bytes: Buffer.concat(parts), end: 'broken' };
    const boundary = scanner.scan(bytes);
    if (boundary === foundTrailers) return { bytes: Buffer.concat(parts), end: 'broken' };
    parts.push(bytes);
    written += writer.write(bytes, boundary);
  }
  const bytes = Buffer.concat(parts);
  const whole = scanner.whole && reader?.whole !== false;
  const told = unbase64(written);
  assert.ok(told.length >= bytes.length - 2 && told.equals(bytes.subarray(0, told.length)));
  if (scanner.whole) assert.equal(told.length, bytes.length, 'a whole message is kept back');
  return { bytes, end: whole ? 'whole' : 'within' };
}

/** Does the simplest reader say the same? */
function simplyRead(input: Buffer, text: boolean, { bytes, end }: Read): void {
  let body = input;
  if (text) {
    try {
      body = unbase64(input.toString('latin1'));
    } catch {
      assert.notEqual(end, 'whole');
      return;
    }
  }
  let trailers = true;
  let rest = 0;
  try {
    const plain = framesOf(body);
    trailers = plain.trailers !== undefined;
    rest = plain.rest;
  } catch {
    // Only trailers are ever looked into.
  }
  // A frame of trailers is known by its first byte, and may be cut short.
  if (end === 'broken') assert.ok(trailers || rest > 0);
  else {
    assert.equal(trailers, false);
    assert.deepEqual(bytes, body);
    assert.equal(end, rest === 0 ? 'whole' : 'within');
  }
}
