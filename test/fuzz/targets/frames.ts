import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { Reset, Sync } from '../../../src/gen/postern/bus/v1/frame.js';
import { BodyReader, MalformedBody } from '../../../src/rpc/body-reader.js';
import { BodyWriter } from '../../../src/rpc/body-writer.js';
import { FrameCursor, frameKind, headerBytes, writeHeader } from '../../../src/rpc/frame.js';
import type { Corpus, FuzzTarget } from '../target.js';

/** Headers of frames: what is well-formed is written again as the same bytes. */
export function frames({ messages }: Corpus): FuzzTarget {
  const cursor = new FrameCursor();
  const header = Buffer.alloc(headerBytes);
  return {
    seeds: messages,
    feed(input) {
      cursor.start(input);
      let end = 0;
      while (cursor.next()) {
        assert.equal(cursor.bodyStart, end + headerBytes);
        assert.ok(
          cursor.bodyEnd >= cursor.bodyStart && cursor.bodyEnd <= input.length,
          'a body beyond its message',
        );
        const { kind, flags, id, offset } = cursor;
        if (!cursor.malformed) {
          assert.ok(Number.isSafeInteger(offset), 'an offset that is no safe integer');
          writeHeader(header, 0, kind, flags, id, offset, cursor.bodyEnd - cursor.bodyStart);
          assert.ok(header.equals(input.subarray(end, end + headerBytes)), 'a header is written differently');
        }
        end = cursor.bodyEnd;
      }
      assert.equal(cursor.broken, end !== input.length || input.length === 0);
    },
  };
}

/** Bodies of frames, each behind a byte that says its kind: what can be read is written as something that reads the same. */
export function bodies({ messages }: Corpus): FuzzTarget {
  const reader = new BodyReader();
  const writer = new BodyWriter();
  const again = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
  const read: Readonly<Record<number, (body: Buffer) => void>> = {
    [frameKind.open]: (body) => {
      const first = reader.open(body, 0, body.length);
      const written = again(writer.open(first, first.windowBytes));
      same(reader.open(written, 0, written.length), first);
    },
    [frameKind.head]: (body) => {
      const first = reader.metadata(body, 0, body.length);
      const written = again(writer.metadata(first));
      same(reader.metadata(written, 0, written.length), first);
    },
    [frameKind.reset]: (body) => {
      const first = Reset.decode(body);
      same(Reset.decode(Reset.encode(first).finish()), first);
    },
    [frameKind.sync]: (body) => {
      const first = Sync.decode(body);
      same(Sync.decode(Sync.encode(first).finish()), first);
    },
  };
  return {
    seeds: bodiesOf(messages),
    feed(input) {
      const kind = input[0] ?? 0;
      const body = input.subarray(1);
      try {
        (read[kind] ?? read[frameKind.head])?.(body);
      } catch (thrown) {
        const ofGenerated = kind === frameKind.reset || kind === frameKind.sync;
        // Generated code throws plain errors, and the exchange takes all of them for a malformed body.
        if (thrown instanceof MalformedBody) return;
        if (ofGenerated && thrown instanceof Error && !(thrown instanceof assert.AssertionError)) return;
        throw thrown;
      }
    },
  };
}

function same(second: unknown, first: unknown): void {
  assert.ok(isDeepStrictEqual(second, first), 'it reads differently after it was written again');
}

/** The bodies in messages, behind a byte that says their kind; TRAILERS are read as HEAD is. */
function bodiesOf(messages: readonly Buffer[]): Buffer[] {
  const cursor = new FrameCursor();
  const found: Buffer[] = [];
  for (const message of messages) {
    cursor.start(message);
    while (cursor.next()) {
      const kind = cursor.kind === frameKind.trailers ? frameKind.head : cursor.kind;
      const structured = kind === frameKind.open || kind === frameKind.head || kind === frameKind.reset;
      if (structured || kind === frameKind.sync)
        found.push(Buffer.concat([Buffer.from([kind]), cursor.body()]));
    }
  }
  return found;
}
