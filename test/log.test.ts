import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../src/log.js';
import { LineLimit } from '../src/log-limit.js';

test('lines about one node that come too often are left out, and those about others are not', () => {
  const lines: { msg: string; node?: string; level: string }[] = [];
  const log = createLogger('debug', {}, { write: (line) => void lines.push(JSON.parse(line)) }).child({
    hub: 'h',
  });
  for (let i = 0; i < 5_000; i++) log.info({ node: 'loud' }, 'hello');
  for (let i = 0; i < 5_000; i++) log.warn({ node: 'loud' }, 'dropped a message');
  for (let i = 0; i < 100; i++) log.debug({ node: 'loud' }, 'hello');
  log.info({ node: 'quiet' }, 'hello');
  const written = (level: string, msg: string) =>
    lines.filter((line) => line.level === level && line.msg === msg);
  assert.equal(written('info', 'hello').length, 31);
  assert.equal(written('warn', 'dropped a message').length, 30);
  assert.equal(written('debug', 'hello').length, 100);
  assert.equal(written('info', 'hello').at(-1)?.node, 'quiet');
});

test('what was left out is told when its time is over, and lines come again', () => {
  let now = 0;
  const limit = new LineLimit(() => now);
  assert.equal(limit.told(), undefined);
  for (let i = 0; i < 100; i++) limit.allows('hello', 'loud');
  for (let i = 0; i < 40; i++) limit.allows('bye', 'louder');
  now = 9_999;
  assert.equal(limit.told(), undefined);
  assert.equal(limit.allows('hello', 'loud'), false);
  now = 10_000;
  assert.deepEqual(limit.told(), { lines: 81, mostly: 'hello', about: 'loud' });
  assert.equal(limit.told(), undefined);
  assert.equal(limit.allows('hello', 'loud'), true);
});

test('names and texts that are never the same again have a bound too', () => {
  const limit = new LineLimit(() => 0);
  limit.told();
  const allowed = (count: number, line: (n: number) => [string, string]): number =>
    Array.from({ length: count }, (_, n) => limit.allows(...line(n))).filter(Boolean).length;
  assert.equal(
    allowed(10_000, (n) => ['refused', `node-${n}`]),
    1_000,
  );
  assert.equal(
    allowed(10_000, (n) => [`text ${n}`, '']),
    2_000,
  );
});
