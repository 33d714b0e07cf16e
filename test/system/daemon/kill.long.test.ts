import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { killAndCompare } from './kill.js';

test('a daemon that is killed at any of its first writes has lost nothing that was acknowledged', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'postern-kills-'));
  for (const point of ['crash-before-write', 'crash-torn-write', 'crash-after-write']) {
    for (let at = 1; at <= 11; at++) {
      const kills = await killAndCompare(path.join(dir, `${point}-${at}`), `${point}=@${at}`);
      // What is written as a small file is never torn.
      assert.ok(kills === 1 || point === 'crash-torn-write', `${point} ${at}`);
    }
  }
  await rm(dir, { recursive: true });
});

test('daemons that are killed again and again by lot have lost nothing that was acknowledged', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'postern-kills-'));
  let kills = 0;
  for (let seed = 0; seed < 20; seed++) {
    const odds = 'crash-before-write=25,crash-torn-write=25,crash-after-write=25';
    kills += await killAndCompare(path.join(dir, String(seed)), odds, String(seed));
  }
  assert.ok(kills >= 10, `only ${kills} were killed`);
  await rm(dir, { recursive: true });
});
