import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadOrCreateKey } from '../../src/auth/node-key.js';

async function emptyDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-key-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test('the key is made once, for this user alone', async (t) => {
  const data = await emptyDirectory(t);
  const keys = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateKey(data, 'attic')));
  assert.equal(new Set(keys.map(({ seed }) => seed)).size, 1);
  const { mode } = await stat(join(data, 'agent/attic/key.nk'));
  assert.equal(mode & 0o777, 0o600);
  assert.deepEqual(await loadOrCreateKey(data, 'attic'), keys[0]);
  assert.notEqual((await loadOrCreateKey(data, 'cellar')).seed, keys[0]?.seed);
});

test('a file that holds no key is named', async (t) => {
  const data = await emptyDirectory(t);
  await loadOrCreateKey(data, 'attic');
  await writeFile(join(data, 'agent/attic/key.nk'), 'SUNONSENSE\n');
  await assert.rejects(loadOrCreateKey(data, 'attic'), (thrown: Error) => {
    assert.match(thrown.message, /agent\/attic\/key\.nk holds no key/);
    assert.ok(!thrown.message.includes('NONSENSE'));
    return true;
  });
});
