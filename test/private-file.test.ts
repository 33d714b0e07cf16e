import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadOrCreatePrivateFile, readPrivateFile, replacePrivateFile } from '../src/private-file.js';

describe('private files', () => {
  let dir: string;
  const umask = process.umask();
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'postern-private-'));
    process.umask(0);
  });
  after(async () => {
    process.umask(umask);
    await rm(dir, { recursive: true, force: true });
  });
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

  it('are for their owner alone, whatever the umask', async () => {
    const path = join(dir, 'keys', 'deep', 'a');
    assert.equal(await readPrivateFile(path), undefined);
    assert.equal(await loadOrCreatePrivateFile(path, () => 'one'), 'one');
    await replacePrivateFile(join(dir, 'keys', 'b'), 'two\n');
    assert.equal(await readPrivateFile(join(dir, 'keys', 'b')), 'two');
    assert.deepEqual(
      await Promise.all(
        [path, join(dir, 'keys', 'b'), join(dir, 'keys'), join(dir, 'keys', 'deep')].map(modeOf),
      ),
      ['600', '600', '700', '700'],
    );
  });

  it('are made once by many who come at once', async () => {
    const path = join(dir, 'raced', 'key');
    let made = 0;
    const read = await Promise.all(
      Array.from({ length: 20 }, () => loadOrCreatePrivateFile(path, () => `key ${++made}`)),
    );
    assert.equal(new Set(read).size, 1);
    assert.deepEqual(await readdir(join(dir, 'raced')), ['key'], 'no draft stays');
  });

  it('are replaced whole, or say why not and leave nothing', async () => {
    const path = join(dir, 'taken');
    await mkdir(join(path, 'full'), { recursive: true });
    await assert.rejects(replacePrivateFile(path, 'x'), { code: 'DATA_UNUSABLE' });
    await assert.rejects(readPrivateFile(path), { code: 'DATA_UNUSABLE' });
    await writeFile(join(dir, 'file'), '');
    await assert.rejects(replacePrivateFile(join(dir, 'file', 'below'), 'x'), { code: 'DATA_UNUSABLE' });
    assert.deepEqual(
      (await readdir(dir)).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });
});
