import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { metadataLines, parseMetadata } from '../../src/client/metadata.js';

test('lines become metadata: repeated names, colons in values, binary values, files', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'postern-headers-'));
  try {
    const file = path.join(folder, 'headers');
    await writeFile(file, '# who\nx-who: me\r\n\nx-time: 12:30\n');
    const metadata = await parseMetadata(['X-A: 1', 'x-a:2', 'x-empty:', 'x-raw-bin: AAEC', `@${file}`]);
    assert.deepEqual(metadata.get('x-a'), ['1', '2']);
    assert.deepEqual(metadata.get('x-empty'), ['']);
    assert.deepEqual(metadata.get('x-raw-bin'), [Buffer.from([0, 1, 2])]);
    assert.deepEqual(metadata.get('x-time'), ['12:30']);
    assert.deepEqual(metadataLines(metadata), [
      'x-a: 1',
      'x-a: 2',
      'x-empty: ',
      'x-raw-bin: AAEC',
      'x-who: me',
      'x-time: 12:30',
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('what is no metadata is refused, without telling the value', async () => {
  for (const line of [
    'no colon',
    ': x',
    'a b: c',
    'grpc-timeout: 1S',
    'x-bin: not base64!',
    'x-a: ü\u0001',
  ]) {
    await assert.rejects(parseMetadata([line]), { code: 'METADATA_INVALID', exitCode: 2 }, line);
  }
  await assert.rejects(parseMetadata(['x y: secret']), (error: Error) => !error.message.includes('secret'));
  await assert.rejects(parseMetadata(['@/no/such/file']), { code: 'METADATA_INVALID', exitCode: 2 });
});
