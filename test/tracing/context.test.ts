import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  readTraceparent,
  traceOf,
  tracestateOf,
  withTraceparent,
  writeTraceparent,
} from '../../src/tracing/context.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const other = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;

const hex = (digits: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)).filter((text) => !/^0+$/.test(text));

describe('a traceparent', () => {
  it('is read as it was written', () => {
    const parent = fc.record({ traceId: hex(32), spanId: hex(16), sampled: fc.boolean() });
    fc.assert(
      fc.property(parent, (one) => assert.deepEqual(readTraceparent(writeTraceparent(one)), { ...one })),
    );
  });

  it('is taken of later versions, and with flags that are not known', () => {
    const later = readTraceparent(`cc-${traceId}-${spanId}-03-what-comes-then`);
    assert.deepEqual(later, { traceId, spanId, sampled: true });
    assert.equal(readTraceparent(`00-${traceId}-${spanId}-02`)?.sampled, false);
  });

  it('is passed over where it is not valid', () => {
    const wrong = [
      '',
      `ff-${traceId}-${spanId}-01`,
      `00-${'0'.repeat(32)}-${spanId}-01`,
      `00-${traceId}-${'0'.repeat(16)}-01`,
      `00-${traceId.toUpperCase()}-${spanId}-01`,
      `00-${traceId}-${spanId}-1`,
      `00-${traceId}-${spanId}-011`,
    ];
    for (const text of [undefined, ...wrong]) assert.equal(readTraceparent(text), undefined, text);
    assert.equal(traceOf(['traceparent', wrong[1] ?? '']), undefined);
  });
});

describe('metadata with another traceparent', () => {
  const mine = `00-${traceId}-${spanId}-01`;

  it('have it where the first one was, and are else as before, in order', () => {
    const before = ['a', '1', 'traceparent', other, 'b', '2', 'traceparent', mine, 'a', '3'];
    const after = ['a', '1', 'traceparent', mine, 'b', '2', 'a', '3'];
    assert.deepEqual(withTraceparent(before, mine), after);
    assert.deepEqual(withTraceparent(['a', '1'], mine), ['a', '1', 'traceparent', mine]);
  });

  it('keep the state of the same trace, and lose that of another', () => {
    const state = ['tracestate', 'congo=1', 'tracestate', 'rojo=2'];
    const same = ['traceparent', `00-${traceId}-${'3'.repeat(16)}-01`, ...state];
    assert.deepEqual(withTraceparent(same, mine), ['traceparent', mine, ...state]);
    assert.equal(tracestateOf(same), 'congo=1,rojo=2');
    assert.deepEqual(withTraceparent(['traceparent', other, ...state], mine), ['traceparent', mine]);
    assert.deepEqual(withTraceparent(['traceparent', 'nonsense', ...state], mine), ['traceparent', mine]);
    assert.equal(tracestateOf([]), undefined);
  });
});
