import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { test } from 'node:test';
import { joinAborts } from '../src/joined-abort.js';

test('it is aborted with the first of the others, at once where that was before', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const joined = joinAborts([one.signal, other.signal], 60_000);
  assert.equal(joined.signal.aborted, false);
  other.abort();
  assert.equal(joined.signal.aborted, true);
  assert.equal(joined.timedOut, false);
  joined.release();
  assert.equal(joinAborts([other.signal]).signal.aborted, true);
});

test('it is aborted when the time is over', async () => {
  const joined = joinAborts([], 5);
  await once(joined.signal, 'abort');
  assert.equal(joined.timedOut, true);
});

test('what was let go is neither held nor aborted', () => {
  const other = new AbortController();
  const joined = joinAborts([other.signal], 60_000);
  assert.equal(getEventListeners(other.signal, 'abort').length, 1);
  joined.release();
  assert.equal(getEventListeners(other.signal, 'abort').length, 0);
  other.abort();
  assert.equal(joined.signal.aborted, false);
});
