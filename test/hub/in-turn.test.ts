import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InTurn } from '../../src/hub/in-turn.js';

/** A piece of work that ends when the test says so. */
function piece(): { work: () => Promise<void>; end: () => void } {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => ended, end };
}

test('work on one key goes one after the other, work on another key does not wait', async () => {
  const turns = new InTurn(60_000);
  const told: string[] = [];
  const first = piece();
  const one = turns.run('a', async () => {
    told.push('one begins');
    await first.work();
    told.push('one ends');
  });
  const two = turns.run('a', async () => {
    told.push('two');
  });
  await turns.run('b', async () => {
    told.push('other');
  });
  assert.deepEqual(told, ['one begins', 'other']);
  first.end();
  await Promise.all([one, two]);
  assert.deepEqual(told, ['one begins', 'other', 'one ends', 'two']);
  assert.equal(turns.size, 0, 'nothing is kept');
});

test('a failure is told to its own asker, and the next one has its turn', async () => {
  const turns = new InTurn(60_000);
  const failing = turns.run('a', () => Promise.reject(new Error('broken')));
  const next = turns.run('a', async () => 'done');
  await assert.rejects(failing, /broken/);
  assert.equal(await next, 'done');
});

test('who has waited for too long is told so, and its work is not begun', async () => {
  const turns = new InTurn(10);
  const first = piece();
  const one = turns.run('a', first.work);
  let begun = false;
  const late = assert.rejects(
    turns.run('a', async () => {
      begun = true;
    }),
    { code: 'STORE_BUSY' },
  );
  const until = performance.now() + 20;
  while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
  first.end();
  await Promise.all([one, late]);
  assert.equal(begun, false);
  assert.equal(turns.size, 0);
});
