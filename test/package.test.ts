import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { compiledRoot, run } from './support/processes.js';

const root = path.resolve(compiledRoot, '..');
const listing = z.array(z.object({ files: z.array(z.object({ path: z.string() })) })).length(1);

test('npm pack takes what runs, and nothing else', async () => {
  const packed = await run('npm', ['pack', root, '--dry-run', '--json', '--ignore-scripts'], {
    timeoutMs: 60_000,
  });
  assert.equal(packed.code, 0, packed.stderr);
  const files = listing.parse(JSON.parse(packed.stdout))[0]?.files.map((file) => file.path) ?? [];
  for (const needed of [
    'bin/postern',
    'dist/src/cli/main.js',
    'dist/src/client/index.js',
    'dist/src/client/index.d.ts',
    'dist/src/gen/descriptors.binpb',
    'dist/machines/node.js',
    'dist/src/controller/report/page.js',
    'dist/src/inspector/page/main.js',
    'proto/postern/bus/v1/frame.proto',
    'schemas/report.schema.json',
    'docs/index.md',
    'README.md',
    'LICENSE',
    'package.json',
  ]) {
    assert.ok(files.includes(needed), `${needed} is not packed`);
  }
  const stray = files.filter((file) =>
    /(?:^|\/)(?:test|scripts|\.tools|\.build)\/|\.tsbuildinfo$/.test(file),
  );
  assert.deepEqual(stray, []);
});

test('what is imported at run time is a dependency, and nothing else is', async () => {
  const manifest = z
    .object({
      dependencies: z.record(z.string(), z.string()),
      devDependencies: z.record(z.string(), z.string()),
    })
    .parse(JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')));
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    assert.match(version, /^(?:npm:@[\w-]+\/[\w-]+@)?\d+\.\d+\.\d+$/, `${name} is pinned exactly`);
  }
  const imported = new Set<string>();
  const listed = await run('grep', [
    '-rhoE',
    '--include=*.js',
    `(from|import\\() ?["'](@[a-z-]+/[a-z0-9-]+|[a-z][a-z-]*)(/[^"']*)?["']`,
    path.join(compiledRoot, 'src'),
    path.join(compiledRoot, 'machines'),
  ]);
  for (const line of listed.stdout.split('\n')) {
    const name = /["'](@[a-z-]+\/[a-z0-9-]+|[a-z][a-z-]*)/.exec(line)?.[1];
    if (name !== undefined && name !== 'node') imported.add(name);
  }
  const missing = [...imported].filter((name) => !(name in manifest.dependencies));
  assert.deepEqual(missing, []);
  const idle = Object.keys(manifest.dependencies).filter((name) => !imported.has(name));
  assert.deepEqual(idle, []);
});
