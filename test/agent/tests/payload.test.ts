import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type MessageId, messageIdOf, payloadHash, payloadOf } from '../../../src/agent/tests/payload.js';

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const messageId: fc.Arbitrary<MessageId> = fc.record(
  {
    run: token,
    test: token,
    from: fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/),
    seq: fc.integer({ min: 1, max: 999_999_999 }),
  },
  { noNullPrototype: true },
);

test('a message has the asked size, is text, and says which one it is', () => {
  fc.assert(
    fc.property(messageId, fc.integer({ min: 0, max: 5_000 }), (id, size) => {
      const payload = payloadOf(id, size);
      assert.deepEqual(messageIdOf(payload), id);
      assert.ok(payload.length >= size);
      if (size > 256) assert.equal(payload.length, size);
      assert.match(Buffer.from(payload).toString('utf8'), /^[\x20-\x7e]+\n[\x20-\x7e]*$/);
      assert.deepEqual(payloadOf(id, size), payload);
    }),
  );
});

test('no two messages are alike, and none is a line repeated', () => {
  const id = { run: 'r', test: 't', from: 'n', seq: 1 };
  const hashes = new Set([1, 2, 3].map((seq) => payloadHash(payloadOf({ ...id, seq }, 1_000))));
  assert.equal(hashes.size, 3);
  const body = Buffer.from(payloadOf(id, 10_000)).toString('latin1').split('\n')[1] ?? '';
  assert.equal(new Set(body.match(/.{80}/g)).size, Math.floor(body.length / 80));
});

test('what is no message of a test is told apart, and no damage is taken for another text', () => {
  for (const other of [
    '',
    'hello',
    'postern/1 a b c 0\n',
    'postern/1 a b C 1\n',
    'postern/2 a b c 1\n',
    'postern/1 a b c 1',
  ]) {
    assert.equal(messageIdOf(Buffer.from(other)), undefined, other);
  }
  const payload = Buffer.from(payloadOf({ run: 'r', test: 't', from: 'n', seq: 5 }, 300));
  const before = payloadHash(payload);
  payload[200] = (payload[200] ?? 0) ^ 1;
  assert.deepEqual(messageIdOf(payload), { run: 'r', test: 't', from: 'n', seq: 5 });
  assert.notEqual(payloadHash(payload), before);
});
