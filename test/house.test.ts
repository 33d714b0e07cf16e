import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { importsOf } from './house/import-graph.js';
import { foundations, hiddenImports, importViolations, roles, ruleNames } from './house/import-rules.js';
import { plantedImports, plantedMachines } from './house/planted.js';
import { compilePure } from './house/pure-machines.js';
import { checkoutRoot } from './support/processes.js';

const tsc = path.join(checkoutRoot, 'node_modules/typescript/bin/tsc');
let scratch: string;

before(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'postern-house-'));
});
after(() => rm(scratch, { recursive: true, force: true }));

/** All TypeScript files below a folder of the checkout. */
async function sources(folder: string): Promise<string[]> {
  const files = await readdir(path.join(checkoutRoot, folder), { recursive: true });
  return files.filter((file) => /\.tsx?$/.test(file)).map((file) => path.join(folder, file));
}

test('the import rules hold', async () => {
  const imports = await importsOf(checkoutRoot, tsc);
  assert.ok(imports.length > 50, `only ${imports.length} imports were found`);
  assert.deepEqual(importViolations(imports), []);
});

test('the import rules hold in the page of the inspector, too', async () => {
  const page = 'src/inspector/page';
  const imports = await importsOf(checkoutRoot, tsc, path.join(checkoutRoot, page));
  assert.ok(imports.filter(({ from }) => from.startsWith(page)).length > 100, 'most of it is seen');
  assert.deepEqual(importViolations(imports), []);
});

test('nothing that is shipped loads code past the compiler', async () => {
  for (const file of [...(await sources('src')), ...(await sources('machines'))]) {
    assert.deepEqual(hiddenImports(await readFile(path.join(checkoutRoot, file), 'utf8')), [], file);
  }
});

test('each import rule goes red for a planted violation, in every form an import has', async () => {
  const root = path.join(scratch, 'planted');
  await mkdir(root);
  for (const file of ['package.json', 'tsconfig.json']) {
    await cp(path.join(checkoutRoot, file), path.join(root, file));
  }
  await symlink(path.join(checkoutRoot, 'node_modules'), path.join(root, 'node_modules'));
  const manifest: Record<string, unknown> = JSON.parse(
    await readFile(path.join(root, 'package.json'), 'utf8'),
  );
  await writeFile(
    path.join(root, 'package.json'),
    JSON.stringify({ ...manifest, imports: { '#hub': './src/hub/door.ts' } }),
  );
  for (const room of [...roles, ...foundations, 'cli']) {
    await plant(root, `src/${room}/door.ts`, 'export const door = 1;\nexport type Door = number;\n');
  }
  await plant(root, 'src/base.ts', 'export const base = 1;\n');
  await plant(root, 'test/helper.ts', 'export const helper = 1;\n');
  assert.deepEqual(importViolations(await importsOf(root, tsc)), [], 'clean before anything is planted');

  for (const { file, text } of plantedImports) await plant(root, file, text);
  const found = importViolations(await importsOf(root, tsc));
  assert.deepEqual(
    found.map(({ rule, from, specifier }) => `${from}: ${rule} (${specifier})`).sort(),
    plantedImports.flatMap(({ file, breaks }) => breaks.map((broken) => `${file}: ${broken}`)).sort(),
  );
  assert.deepEqual([...new Set(found.map(({ rule }) => rule))].sort(), [...ruleNames].sort());
});

test('imports that the compiler cannot follow are seen', () => {
  for (const text of [
    "const x = createRequire(import.meta.url)('../hub/door.js');",
    "const x = require('../hub/door.js');",
    'const x = await import(`../hub/door.js`);',
    'const x = await import(room);',
    "process.getBuiltinModule('fs');",
    "import.meta.resolve('../hub/door.js');",
    "declare module 'nats-untyped';",
  ]) {
    assert.equal(hiddenImports(text).length, 1, text);
  }
  assert.deepEqual(hiddenImports("// import(x)\n/* require('y') */ await import('./z.js');"), []);
});

test('machines compile without clock, randomness, timers and Node', async () => {
  const into = path.join(scratch, 'machines');
  await mkdir(into);
  const machines = (await sources('machines')).map((file) => path.join(checkoutRoot, file));
  assert.ok(machines.length > 0);
  assert.deepEqual(await compilePure({ machines, checkout: checkoutRoot, tsc, into }), []);
});

test('an impure machine does not compile', async () => {
  const into = path.join(scratch, 'impure');
  await mkdir(into);
  await writeFile(path.join(into, 'package.json'), '{"type":"module"}');
  const machines: string[] = [];
  for (const [name, text] of Object.entries(plantedMachines)) {
    const file = path.join(into, `${name}.ts`);
    await writeFile(file, `${text}\nexport {};\n`);
    machines.push(file);
  }
  const complaints = await compilePure({ machines, checkout: checkoutRoot, tsc, into });
  for (const name of Object.keys(plantedMachines)) {
    const said = complaints.filter((line) => line.includes(`/${name}.ts(`));
    assert.equal(said.length > 0, !name.startsWith('pure'), `${name}: ${said.join('\n')}`);
  }
});

async function plant(root: string, file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
}
