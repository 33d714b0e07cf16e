import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { forwardableMetadata } from '../../src/rpc/metadata.js';
import { RepeatedHeaders } from '../../src/wire/repeated-headers.js';

/** A request as clients send it, with what a row changes of it. */
function block(changed: Readonly<Record<string, string>> = {}): string[] {
  const headers = {
    ':method': 'POST',
    ':path': '/a.B/C',
    ':authority': 'hub',
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': '1S',
    name: 'n1',
    authorization: 'Bearer T',
    ...changed,
  };
  return Object.entries(headers).flat();
}

/** Counts how often something is made. */
function counted(): { made: number; repeated: RepeatedHeaders<string[]> } {
  const counts = {
    made: 0,
    repeated: new RepeatedHeaders((rawHeaders) => {
      counts.made++;
      return forwardableMetadata(rawHeaders);
    }),
  };
  return counts;
}

describe('a header block that comes again on a connection', () => {
  it('is not read again, whatever its path and deadline', () => {
    const counts = counted();
    const first = counts.repeated.of(block());
    assert.equal(counts.repeated.of(block()), first);
    assert.equal(counts.repeated.of(block({ ':path': '/x.Y/Z', 'grpc-timeout': '9m' })), first);
    assert.equal(counts.made, 1);
  });

  it('is read anew where anything else has changed', () => {
    const others = [
      block({ authorization: 'Bearer U' }),
      block({ name: 'n2' }),
      block({ Name: 'n2' }),
      block({ 'x-more': '' }),
      block().map((text) => (text === 'name' ? 'eman' : text)),
      block().toSpliced(12, 2),
      [...block().slice(0, 12), ...block().slice(14), 'name', 'n1'],
    ];
    for (const other of others) {
      const { repeated } = counted();
      repeated.of(block());
      assert.deepEqual(repeated.of(other), forwardableMetadata(other), other.join());
    }
  });

  it('gives what reading it would give, in any sequence', () => {
    const name = fc.constantFrom(':path', 'te', 'grpc-timeout', 'name', 'jwt', 'Jwt', 'a');
    const pair = fc.tuple(name, fc.constantFrom('', '1', '2'));
    const blocks = fc.array(fc.array(pair, { maxLength: 4 }).map((pairs) => pairs.flat()));
    fc.assert(
      fc.property(blocks, (sequence) => {
        const { repeated } = counted();
        for (const one of sequence) assert.deepEqual(repeated.of(one), forwardableMetadata(one));
      }),
    );
  });

  it('is not kept where it is large: each connection would keep one', () => {
    for (const large of [block({ more: 'x'.repeat(8_192) }), Array.from({ length: 130 }, () => 'a')]) {
      const counts = counted();
      counts.repeated.of(large);
      counts.repeated.of(large);
      assert.equal(counts.made, 2);
    }
  });
});
