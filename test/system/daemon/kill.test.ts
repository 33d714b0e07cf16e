import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { killAndCompare, truthOf } from './kill.js';

// Of a new daemon the first writes are: its identity, the account's group, its introduction and its chain key, the new
// group, those two again, and then the messages. A small file is never torn: it appears as a whole or not at all.
const matrix = {
  'crash-before-write': [1, 5, 9],
  'crash-torn-write': [3, 6, 10],
  'crash-after-write': [2, 5, 7, 10],
};

for (const [point, writes] of Object.entries(matrix)) {
  test(`a daemon that is killed (${point}) has lost nothing that was acknowledged`, {
    timeout: 150_000,
  }, async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'postern-kill-'));
    await Promise.all(
      writes.map(async (at) => {
        const data = path.join(dir, String(at));
        assert.equal(await killAndCompare(data, `${point}=@${at}`), 1, `write ${at}`);
        assert.equal((await truthOf(data))[0]?.n, at);
      }),
    );
    await rm(dir, { recursive: true });
  });
}
