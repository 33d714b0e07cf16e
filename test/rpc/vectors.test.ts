import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { Head, Open, Reset, Sync, Trailers } from '../../src/gen/postern/bus/v1/frame.js';
import { BodyReader, MalformedBody } from '../../src/rpc/body-reader.js';
import { FrameCursor, frameFlag, frameKind, headerBytes, writeHeader } from '../../src/rpc/frame.js';
import { settle, TestTarget } from './harness.js';
import { framesOf, kindName, MemoryBus } from './memory-bus.js';

const frameVector = z.strictObject({
  kind: z.string(),
  flags: z.array(z.enum(['END', 'HEADED', 'FROM_CALLER'])).default([]),
  callId: z.number().default(0),
  offset: z.number().default(0),
  /** A structured body. */
  body: z.record(z.string(), z.unknown()).optional(),
  /** Any other body. */
  hex: z.string().default(''),
});
const vector = z.discriminatedUnion('valid', [
  z.strictObject({
    name: z.string(),
    valid: z.literal(true),
    meaning: z.string(),
    hex: z.string(),
    frames: z.array(frameVector),
  }),
  z.strictObject({
    name: z.string(),
    valid: z.literal(false),
    fault: z.enum(['message', 'frame', 'body']),
    meaning: z.string(),
    hex: z.string(),
  }),
]);

// The compiled test lies deeper than its source does.
function readVectors(): unknown {
  for (let up = '../../'; up.length < 40; up += '../') {
    try {
      return JSON.parse(readFileSync(new URL(`${up}docs/protocol-vectors.json`, import.meta.url), 'utf8'));
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')) throw thrown;
    }
  }
  assert.fail('docs/protocol-vectors.json is missing');
}

const vectors = z.array(vector).parse(readVectors());
const flagBits = { END: frameFlag.end, HEADED: frameFlag.headed, FROM_CALLER: frameFlag.fromCaller };

function encodeBody(kind: string, body: Record<string, unknown>): Uint8Array {
  if (kind === 'OPEN') return Open.encode(Open.fromPartial(body)).finish();
  if (kind === 'HEAD') return Head.encode(Head.fromPartial(body)).finish();
  if (kind === 'TRAILERS') return Trailers.encode(Trailers.fromPartial(body)).finish();
  if (kind === 'RESET') return Reset.encode(Reset.fromPartial(body)).finish();
  assert.equal(kind, 'SYNC');
  return Sync.encode(Sync.fromPartial(body)).finish();
}

function decodeBody(cursor: FrameCursor, reader: BodyReader): unknown {
  const { message, bodyStart, bodyEnd, kind } = cursor;
  if (kind === frameKind.open) return reader.open(message, bodyStart, bodyEnd);
  if (kind === frameKind.head) return { metadata: reader.metadata(message, bodyStart, bodyEnd) };
  if (kind === frameKind.trailers) {
    const metadata = reader.trailers(message, bodyStart, bodyEnd);
    return { metadata, calleeMs: reader.calleeMs, serverMs: reader.serverMs };
  }
  if (kind === frameKind.reset) return Reset.decode(cursor.body());
  if (kind === frameKind.sync) return Sync.decode(cursor.body());
  return undefined;
}

/** What a vector with those fields decodes to. */
function expectedBody(kind: string, body: Record<string, unknown>): unknown {
  if (kind === 'OPEN') {
    const { window, traceparent, ...head } = Open.fromPartial(body);
    return { ...head, windowBytes: window, traceparent: traceparent || undefined, timed: undefined };
  }
  if (kind === 'TRAILERS') {
    const { metadata, calleeUs, serverUs } = Trailers.fromPartial(body);
    const ms = (us: number | undefined) => (us === undefined ? undefined : us / 1000);
    return { metadata, calleeMs: ms(calleeUs), serverMs: ms(serverUs) };
  }
  if (kind === 'RESET') return Reset.fromPartial(body);
  if (kind === 'SYNC') return Sync.fromPartial(body);
  return Head.fromPartial(body);
}

describe('the vectors of docs/protocol-vectors.json', () => {
  const reader = new BodyReader();

  for (const one of vectors) {
    it(`${one.valid ? 'reads and writes' : 'refuses'}: ${one.name}`, () => {
      const message = Buffer.from(one.hex, 'hex');
      const cursor = new FrameCursor();
      cursor.start(message);
      if (!one.valid) {
        const frames = cursor.next();
        const fault = cursor.broken ? 'message' : cursor.malformed ? 'frame' : 'body';
        assert.equal(fault, one.fault);
        if (fault === 'body') assert.throws(() => decodeBody(cursor, reader), MalformedBody);
        else assert.equal(frames, fault === 'frame');
        return;
      }
      const written: Buffer[] = [];
      for (const { kind, flags, callId, offset, body, hex } of one.frames) {
        const bits = flags.reduce((sum, flag) => sum | flagBits[flag], 0);
        assert.equal(cursor.next(), true);
        assert.equal(cursor.malformed, false);
        assert.deepEqual(
          [kindName(cursor.kind).toUpperCase(), cursor.flags, cursor.id, cursor.offset],
          [kind, bits, callId, offset],
        );
        if (body !== undefined) assert.deepEqual(decodeBody(cursor, reader), expectedBody(kind, body));
        const bytes = body === undefined ? Buffer.from(hex, 'hex') : encodeBody(kind, body);
        const frame = Buffer.alloc(headerBytes + bytes.length);
        writeHeader(frame, 0, cursor.kind, bits, callId, offset, bytes.length);
        frame.set(bytes, headerBytes);
        written.push(frame);
      }
      assert.equal(cursor.next(), false);
      assert.equal(cursor.broken, false);
      assert.equal(Buffer.concat(written).toString('hex'), one.hex);
    });
  }

  it('have every kind of frame, and every kind of fault', () => {
    const seen = vectors.flatMap((one) => (one.valid ? one.frames.map((frame) => frame.kind) : []));
    assert.deepEqual(new Set(seen), new Set(Object.keys(frameKind).map((kind) => kind.toUpperCase())));
    const faults = new Set(vectors.flatMap((one) => (one.valid ? [] : [one.fault])));
    assert.deepEqual(faults, new Set(['message', 'frame', 'body']));
  });

  it('make a call: what the documents send is served, and answered as they say', async () => {
    const bus = new MemoryBus();
    const agent = bus.join('cellar', '1-a');
    const target = new TestTarget((served) => {
      served.sink.head(['content-type', 'application/grpc']);
      for (const chunk of served.chunks) served.sink.data(chunk);
      served.sink.trailers(['grpc-status', '0']);
    });
    agent.exchange.serve(target);
    const hex = (name: string): string => vectors.find((one) => one.name === name)?.hex ?? '';
    agent.exchange.receive({ name: 'hub', instance: 'h1' }, Buffer.from(hex('unary request'), 'hex'));
    await settle(bus);
    assert.equal(target.at(0).head.path, '/demo.Greeter/SayHello');
    assert.equal(target.at(0).ended, true);
    const answer = bus.messages
      .flatMap((message) => message.frames)
      .filter((one) => one.kind !== frameKind.sync);
    const last = answer.pop();
    assert.ok(last !== undefined);
    const { metadata, calleeUs } = Trailers.decode(last.body);
    assert.ok(calleeUs !== undefined);
    // how long it took is nothing that the vector could know
    const body = Buffer.from(Trailers.encode(Trailers.fromPartial({ metadata })).finish());
    assert.deepEqual([...answer, { ...last, body }], framesOf(Buffer.from(hex('unary response'), 'hex')));
    agent.exchange.close();
  });
});
