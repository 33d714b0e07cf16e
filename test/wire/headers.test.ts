import assert from 'node:assert/strict';
import type { OutgoingHttpHeaders } from 'node:http2';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { CallTarget, RawMetadata } from '../../src/rpc/call.js';
import { addMetadata, MetadataError } from '../../src/wire/headers.js';
import { call, rawClient, startFront, type TestFront, valuesOf } from './harness.js';

/** Answers with the metadata of the request as head and as trailers. */
let reply: RawMetadata = [];
const echo: CallTarget = {
  open: (_head, sink) => {
    setImmediate(() => {
      sink.head(reply);
      sink.trailers([...reply, 'grpc-status', '0']);
    });
    return { write: () => true, end: () => {}, cancel: () => {}, consumed: () => {} };
  },
};

let front: TestFront;
let client: Awaited<ReturnType<typeof rawClient>>;
before(async () => {
  front = await startFront(echo);
  client = await rawClient(front.address);
});
after(async () => {
  client.destroy();
  await front.close();
});

const name = fc.oneof(
  fc.constantFrom('x-a', 'x-b', 'x-c-bin', 'authorization', 'date', 'age', 'user-agent', '__proto__', '7'),
  fc.stringMatching(/^[a-z][a-z0-9_.-]{0,12}$/),
);
const value = fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/);

test('values of any metadata pass through, in order for each name', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 12 }), async (pairs) => {
      const dropped = ['te', 'host', 'trailer', 'upgrade', 'connection', 'grpc-status', 'content-type'];
      const kept = pairs.filter(([key]) => !dropped.includes(key));
      reply = kept.flat();
      const seen = await call(client, {});
      assert.equal(seen.trailers?.headers['grpc-status'], '0');
      for (const key of new Set(kept.map(([first]) => first))) {
        const sent = valuesOf(reply, key);
        const single = !/^x-|^\d|_/.test(key);
        for (const block of [seen.head, seen.trailers]) {
          const received = valuesOf(block?.raw ?? [], key);
          assert.equal(received.join(', '), sent.join(', '), key);
          if (!single) assert.deepEqual(received, sent);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('a value of several whose others are empty arrives alone, and not with a blank at its edge', async () => {
  for (const values of [
    ['one', ''],
    ['', 'one'],
    ['', 'one', ' ', 'two'],
  ]) {
    reply = values.flatMap((one) => ['user-agent', one]);
    const seen = await call(client, {});
    const wanted = values.filter((one) => one.trim() !== '').join(', ');
    assert.deepEqual(valuesOf(seen.head?.raw ?? [], 'user-agent'), [wanted]);
  }
});

test('nothing that a target says throws or harms another call', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('connection', 'te', ':status', 'x\0y', '\r\n', '☃', 'x'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 6 }), async (metadata) => {
      reply = metadata;
      const seen = await call(client, {});
      const status = seen.head?.headers['grpc-status'] ?? seen.trailers?.headers['grpc-status'];
      assert.match(String(status), /^(0|13)$/);
    }),
    { numRuns: 150 },
  );
});

test('what no header block can carry is a MetadataError that names it', () => {
  const cases: [string[], RegExp][] = [
    [['A', 'x'], /invalid name "A"/],
    [['a b', 'x'], /invalid name "a b"/],
    [['a', 'x\ny'], /value of metadata 'a'/],
    [['a'], /without a value/],
  ];
  for (const [metadata, message] of cases) {
    const headers: OutgoingHttpHeaders = {};
    assert.throws(
      () => addMetadata(headers, metadata),
      (error) => {
        assert.ok(error instanceof MetadataError);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test('blanks around a value are stripped: a receiver would drop the field', () => {
  const headers: OutgoingHttpHeaders = Object.create(null);
  addMetadata(headers, ['x-a', ' \tone two\t ', 'x-b', '  ', 'x-c', 'three ', 'authorization', 'Bearer a\t']);
  assert.deepEqual(
    { ...headers },
    { 'x-a': 'one two', 'x-b': '', 'x-c': 'three', authorization: 'Bearer a' },
  );
});
