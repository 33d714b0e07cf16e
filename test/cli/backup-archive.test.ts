import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { mayHold, packBackup, unpackBackup } from '../../src/cli/backup/archive.js';
import { type ArchiveFile, packTar, unpackTar } from '../../src/cli/backup/tar.js';

const exec = promisify(execFile);
const facts = { postern: '1.2.3', atMs: 1_700_000_000_000, registry: false };
const files: ArchiveFile[] = [
  { name: 'keys/signing.nk', content: Buffer.from('SA…') },
  { name: 'registry/nodes.jsonl', content: Buffer.alloc(1_234, 'x') },
  { name: `agent/${'a'.repeat(63)}/key.nk`, content: Buffer.alloc(512, 1) },
  { name: 'hub-instance', content: Buffer.alloc(0) },
];
const good = packBackup(files, facts);

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'postern-archive-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** The archive with another manifest. */
function withManifest(change: (manifest: Record<string, unknown>) => unknown): Buffer {
  const inside = unpackTar(gunzipSync(good)).map(({ name, content }) => {
    if (name !== 'postern-backup.json') return { name, content };
    return { name, content: Buffer.from(JSON.stringify(change(JSON.parse(content.toString('utf8'))))) };
  });
  return gzipSync(packTar(inside, 0));
}

test('an archive is read as it was written, here and by tar', async () => {
  const { manifest, files: read } = unpackBackup(good);
  assert.deepEqual(read, files);
  assert.equal(manifest.at, '2023-11-14T22:13:20.000Z');
  const file = path.join(folder, 'good.tar.gz');
  await writeFile(file, good);
  const { stdout } = await exec('tar', ['-tvzf', file]);
  assert.match(stdout, /^-rw------- .* 1234 .*registry\/nodes\.jsonl$/m);
  await mkdir(path.join(folder, 'out'));
  await exec('tar', ['-xzf', file, '-C', path.join(folder, 'out')]);
  for (const { name, content } of files) {
    assert.deepEqual(await readFile(path.join(folder, 'out', name)), content, name);
  }
  // Packed again by tar, with directories and names that begin with a dot.
  await exec('tar', ['-czf', path.join(folder, 'again.tar.gz'), '-C', path.join(folder, 'out'), '.']);
  const again = unpackBackup(await readFile(path.join(folder, 'again.tar.gz')));
  assert.deepEqual(new Map(again.files.map(({ name, content }) => [name, content])).size, files.length);
});

test('what is not a backup, or one of another version, is refused with the reason', async () => {
  await symlink('/etc/passwd', path.join(folder, 'link'));
  await exec('tar', ['-czf', path.join(folder, 'link.tar.gz'), '-C', folder, 'link']);
  for (const [archive, says] of [
    [Buffer.alloc(0), /it is empty/],
    [Buffer.from('not gzip at all'), /it is not packed by gzip/],
    [gzipSync('no tar'), /it is cut off/],
    [gzipSync(Buffer.alloc(4_096, 'x')), /it is no tar archive/],
    [gzipSync(packTar([], 0)), /it has no postern-backup\.json/],
    [await readFile(path.join(folder, 'link.tar.gz')), /"link" is no plain file/],
    [gzipSync(packTar([{ name: 'postern-backup.json', content: Buffer.from('{') }], 0)), /is no JSON/],
    [withManifest((manifest) => ({ ...manifest, format: 'other' })), /is not as it should be/],
    [
      withManifest((manifest) => ({ ...manifest, version: 9 })),
      /of version 9, made by Postern 1\.2\.3; this one reads version 1/,
    ],
    [
      withManifest((manifest) => ({ ...manifest, files: {} })),
      /keys\/signing\.nk is not as it was backed up/,
    ],
    [gzipSync(Buffer.alloc(1_100 * 2 ** 20)), /it holds too much/],
  ] as const) {
    assert.throws(() => unpackBackup(archive), { code: 'BACKUP_INVALID', message: says });
  }
  const lost = unpackTar(gunzipSync(good)).filter(({ name }) => name !== 'hub-instance');
  assert.throws(() => unpackBackup(gzipSync(packTar(lost, 0))), /hub-instance is missing/);
  const twice = unpackTar(gunzipSync(good));
  assert.throws(
    () => unpackBackup(gzipSync(packTar([...twice, ...twice.slice(-1)], 0))),
    /hub-instance twice/,
  );
});

test('a header that was changed is seen by its sum', () => {
  const packed = packTar(files, 0);
  for (const at of [0, 105, 140, 156, 330]) {
    const changed = Buffer.from(packed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => unpackTar(changed), /it is no tar archive, or damaged/, `${at}`);
  }
});

test('nothing but the files of a data directory may be in a backup, whatever their names', () => {
  for (const name of [
    '../keys/x',
    'keys/../../x',
    'keys/..',
    '/etc/passwd',
    'keys/a/b',
    'keys/.hidden',
    'agent/../key.nk',
    'agent/UPPER/key.nk',
    'agent/a/other',
    'registry/../x.jsonl',
    'nats/nats.conf',
    'hub.json',
    'keys\\x',
    'keys/x\n',
    '',
  ]) {
    assert.equal(mayHold(name), false, name);
    const packed = packBackup([{ name, content: Buffer.from('x') }], facts);
    assert.throws(() => unpackBackup(packed), /which belongs into no backup/, name);
  }
  for (const { name } of files) assert.equal(mayHold(name), true, name);
});

test('an archive that is cut off or changed anywhere is refused, or reads the same', () => {
  const plain = gunzipSync(good);
  const same = (packed: Buffer): void => {
    let read: ReturnType<typeof unpackBackup>;
    try {
      read = unpackBackup(packed);
    } catch (thrown) {
      assert.equal(
        thrown instanceof Error && 'code' in thrown && thrown.code,
        'BACKUP_INVALID',
        String(thrown),
      );
      return;
    }
    assert.deepEqual(read.files, files);
  };
  fc.assert(
    fc.property(fc.nat(plain.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(plain);
      changed[at] = (changed[at] ?? 0) ^ change;
      same(gzipSync(changed, { level: 0 }));
    }),
    { numRuns: 2_000 },
  );
  for (let length = 0; length < good.length; length += 7) {
    assert.throws(() => unpackBackup(good.subarray(0, length)), { code: 'BACKUP_INVALID' }, `${length}`);
  }
});
