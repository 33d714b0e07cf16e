import assert from 'node:assert/strict';
import { AsyncResource, executionAsyncId } from 'node:async_hooks';
import { test } from 'node:test';
import { lightenBind } from '../../src/wire/light-bind.js';

lightenBind();

test('a bound function has no accessor that keeps its request alive', () => {
  assert.equal('asyncResource' in AsyncResource.bind(() => {}), false);
});

test('a bound function runs in its resource, with its arguments, this and result', () => {
  const resource = new AsyncResource('TEST');
  const seen: unknown[] = [];
  function note(this: unknown, ...args: unknown[]): string {
    seen.push(executionAsyncId() === resource.asyncId(), this, ...args);
    return 'result';
  }
  const own = {};
  assert.equal(resource.bind(note).call(own, 1, 2), 'result');
  assert.deepEqual(seen.splice(0), [true, own, 1, 2]);
  const given = {};
  assert.equal(AsyncResource.bind(note, 'OTHER', given).call(own, 3), 'result');
  assert.deepEqual(seen, [false, given, 3]);
});
