import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { alone, kept, replaced } from '../../scripts/kept.js';

let dir: string;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-kept-'));
});
after(() => rm(dir, { recursive: true, force: true }));

test('what is kept is made once, whoever asks at the same time', async () => {
  let made = 0;
  const ask = () =>
    kept(dir, 'thing', 'file', async (into) => {
      made += 1;
      await writeFile(path.join(into, 'file'), 'whole');
    });
  const paths = await Promise.all([ask(), ask(), ask()]);
  assert.deepEqual([...new Set(paths)], [path.join(dir, 'thing', 'file')]);
  assert.equal(made, 1);
});

test('what could not be made whole leaves nothing, and what was there before stays', async () => {
  const target = path.join(dir, 'target');
  await replaced(target, (into) => writeFile(path.join(into, 'file'), 'first'));
  const failing = replaced(target, async (into) => {
    await writeFile(path.join(into, 'file'), 'half');
    throw new Error('no more');
  });
  await assert.rejects(failing, { message: 'no more' });
  assert.equal(await readFile(path.join(target, 'file'), 'utf8'), 'first');
  await replaced(target, (into) => writeFile(path.join(into, 'other'), 'second'));
  assert.deepEqual(await readdir(target), ['other']);
  assert.deepEqual(
    (await readdir(dir)).filter((name) => name.startsWith('.building')),
    [],
  );
});

test('two that need the same do it one after the other', async () => {
  const steps: string[] = [];
  const task = (name: string) =>
    alone(path.join(dir, 'lock'), async () => {
      steps.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      steps.push(`${name} ends`);
    });
  await Promise.all([task('a'), task('b')]);
  assert.deepEqual([steps[0]?.slice(0, 1), steps[2]?.slice(0, 1)].sort(), ['a', 'b']);
  assert.deepEqual(
    steps.map((step) => step.slice(2)),
    ['begins', 'ends', 'begins', 'ends'],
  );
});
