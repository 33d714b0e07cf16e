import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Head, Open, Trailers } from '../../src/gen/postern/bus/v1/frame.js';
import { BodyReader, MalformedBody } from '../../src/rpc/body-reader.js';
import { BodyWriter } from '../../src/rpc/body-writer.js';
import { ReceiveWindow, SendWindow } from '../../src/rpc/credit.js';
import { FrameCursor, frameKind, headerBytes, writeHeader } from '../../src/rpc/frame.js';
import { isLater } from '../../src/rpc/sync.js';

const offset = fc.oneof(fc.nat(), fc.maxSafeInteger().map(Math.abs), fc.constant(Number.MAX_SAFE_INTEGER));
const id = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 0xffff_ffff }));

describe('the frame header', () => {
  it('reads what was written, frame by frame', () => {
    const cursor = new FrameCursor();
    const data = fc.record({ id, offset, body: fc.uint8Array({ maxLength: 50 }) });
    fc.assert(
      fc.property(fc.array(data, { minLength: 1, maxLength: 5 }), (frames) => {
        const message = Buffer.concat(
          frames.map((frame) => {
            const bytes = Buffer.alloc(headerBytes + frame.body.length);
            writeHeader(bytes, 0, frameKind.data, 0x81, frame.id, frame.offset, frame.body.length);
            bytes.set(frame.body, headerBytes);
            return bytes;
          }),
        );
        cursor.start(message);
        for (const frame of frames) {
          assert.equal(cursor.next(), true);
          assert.deepEqual(
            [cursor.kind, cursor.flags, cursor.id, cursor.offset, cursor.malformed],
            [frameKind.data, 0x81, frame.id, frame.offset, frame.id === 0],
          );
          assert.deepEqual(new Uint8Array(cursor.body()), new Uint8Array(frame.body));
        }
        assert.equal(cursor.next(), false);
        assert.equal(cursor.broken, false);
        // Cut anywhere, it is whole up to the frame that was cut.
        const cut = message.length - 1;
        cursor.start(message.subarray(0, cut));
        let whole = 0;
        while (cursor.next()) whole++;
        assert.equal(whole, frames.length - 1);
        assert.equal(cursor.broken, cut > 0 || frames.length > 0);
      }),
    );
  });

  it('copies a small body out of a large buffer, and only then', () => {
    const cursor = new FrameCursor();
    for (const [length, copied] of [
      [10, true],
      [60_000, false],
    ] as const) {
      const message = Buffer.alloc(64 << 10).subarray(0, headerBytes + length);
      writeHeader(message, 0, frameKind.data, 0, 1, 0, length);
      cursor.start(message);
      cursor.next();
      assert.equal(cursor.keptBody().buffer !== message.buffer, copied);
    }
  });
});

const latin1 = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code < 0x7f || code > 0x9f)
    .map((code) => String.fromCharCode(code)),
  maxLength: 200,
});
const header = fc.tuple(fc.stringMatching(/^[a-z0-9_.!#-]{1,60}$/), latin1);
const metadata = fc.array(header, { maxLength: 12 }).map((pairs) => pairs.flat());

describe('bodies', () => {
  const writer = new BodyWriter();
  const reader = new BodyReader();

  it('are what the generated code writes and reads', () => {
    const open = fc.record({
      path: fc.stringMatching(/^\/[!-~]{0,100}$/),
      authority: fc.stringMatching(/^[!-~]{0,60}$/),
      metadata,
      timeoutMs: fc.option(
        fc.oneof(
          fc.integer({ min: 1, max: 1e6 }),
          fc.maxSafeInteger().filter((n) => n > 0),
        ),
        {
          nil: undefined,
        },
      ),
      caller: fc.string({ unit: 'grapheme', maxLength: 40 }),
      traceparent: fc.option(fc.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/), { nil: undefined }),
    });
    fc.assert(
      fc.property(open, fc.integer({ min: 0, max: 0xffff_ffff }), (head, window) => {
        const ours = Buffer.from(writer.open(head, window));
        assert.deepEqual(
          ours,
          Buffer.from(Open.encode({ ...head, traceparent: head.traceparent ?? '', window }).finish()),
        );
        assert.deepEqual(reader.open(ours, 0, ours.length), {
          ...head,
          windowBytes: window,
          timed: undefined,
        });
        const flat = Buffer.from(writer.metadata(head.metadata));
        assert.deepEqual(flat, Buffer.from(Head.encode({ metadata: head.metadata }).finish()));
        assert.deepEqual(reader.metadata(flat, 0, flat.length), head.metadata);
      }),
    );
  });

  it('tell with the trailers how long a call took, to the microsecond', () => {
    const ms = fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }), { nil: undefined });
    fc.assert(
      fc.property(metadata, ms, ms, (pairs, calleeMs, serverMs) => {
        const us = (time: number | undefined) => (time === undefined ? undefined : Math.round(time * 1000));
        const ours = Buffer.from(writer.trailers(pairs, calleeMs, serverMs));
        const told = { metadata: pairs, calleeUs: us(calleeMs), serverUs: us(serverMs) };
        assert.deepEqual(ours, Buffer.from(Trailers.encode(told).finish()));
        assert.deepEqual(reader.trailers(ours, 0, ours.length), pairs);
        assert.deepEqual([us(reader.calleeMs), us(reader.serverMs)], [told.calleeUs, told.serverUs]);
      }),
    );
  });

  it('round a remaining time down to whole milliseconds, but not to none', () => {
    const head = { path: '/a/b', authority: '', metadata: [], caller: '' };
    for (const [timeoutMs, read] of [
      [0.001, 1],
      [1.8, 1],
      [1e300, Number.MAX_SAFE_INTEGER],
    ] as const) {
      const body = Buffer.from(writer.open({ ...head, timeoutMs }, 0));
      assert.equal(reader.open(body, 0, body.length).timeoutMs, read);
    }
    const none = Buffer.from(Open.encode(Open.fromPartial({ path: '/a/b', timeoutMs: 0 })).finish());
    assert.equal(reader.open(none, 0, none.length).timeoutMs, undefined, '0 is no deadline');
  });

  it('may hold fields that are not known yet', () => {
    const known = Buffer.from(writer.metadata(['a', 'b']));
    const unknown = Buffer.from([
      0x78, 0x05, 0x7a, 0x02, 1, 2, 0x7d, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    const both = Buffer.concat([unknown, known, unknown]);
    assert.deepEqual(reader.metadata(both, 0, both.length), ['a', 'b']);
  });

  it('that are random are read or refused, and never read beyond their end', () => {
    const guard = 32;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const message = Buffer.concat([Buffer.alloc(guard, 0x61), bytes, Buffer.alloc(guard, 0x61)]);
        for (const read of [
          () => reader.open(message, guard, guard + bytes.length),
          () => reader.metadata(message, guard, guard + bytes.length),
        ]) {
          try {
            read();
          } catch (thrown) {
            assert.ok(thrown instanceof MalformedBody, String(thrown));
          }
        }
      }),
      { numRuns: 2000 },
    );
    const cut = Buffer.from([0x0a, 0x05, 0x61, 0x61]);
    const longer = Buffer.concat([cut, Buffer.from('aaaaaaa')]);
    assert.throws(() => reader.metadata(longer, 0, cut.length), MalformedBody);
    const endless = Buffer.alloc(12, 0xff);
    assert.throws(() => reader.metadata(endless, 0, 12), MalformedBody);
  });
});

describe('windows', () => {
  it('give back half of what is free at a time, and never grant more than a window ahead', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(100), fc.nat(100)), { maxLength: 100 }), (steps) => {
        const sender = new SendWindow(64);
        const receiver = new ReceiveWindow(64);
        for (const [wish, passed] of steps) {
          const bytes = Math.min(wish, sender.room);
          assert.ok(receiver.accepts(bytes));
          sender.sent += bytes;
          receiver.received += bytes;
          receiver.consumed += Math.min(passed, receiver.held);
          assert.equal(receiver.due, receiver.consumed + 64 - receiver.granted);
          if (receiver.dueByHalf) sender.raise(receiver.grant());
          assert.ok(sender.limit <= receiver.received + 64);
          assert.ok(sender.room * 2 >= 64 - receiver.held, 'half of what is not held can always be sent');
          assert.ok(sender.outstanding >= 0 && sender.outstanding <= 64);
        }
      }),
    );
  });

  it('take no older grant', () => {
    const window = new SendWindow(10);
    assert.equal(window.raise(20), true);
    assert.equal(window.raise(15), false);
    assert.equal(window.limit, 20);
  });
});

describe('call ids', () => {
  it('are ordered also where they start again', () => {
    assert.deepEqual(
      [isLater(2, 1), isLater(1, 1), isLater(1, 2), isLater(3, 0xffff_fff0), isLater(0xffff_fff0, 3)],
      [true, false, false, true, false],
    );
  });
});
