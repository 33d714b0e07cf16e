import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientsDoc } from '../../scripts/clients/doc.js';

test('docs/clients.md shows the code of the examples as it is', async () => {
  const { is, shall, files } = await clientsDoc();
  assert.deepEqual([...files].sort(), [
    'clients/examples/dart/lib/hub.dart',
    'clients/examples/go/hub.go',
    'clients/examples/python/hub.py',
    'clients/examples/rust/src/hub.rs',
    'clients/examples/typescript/hub.ts',
  ]);
  assert.equal(is, shall, 'run `node dist/scripts/clients/doc.js`');
});
