import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkoutRoot, compiledRoot } from '../../../support/processes.js';
import { mutations } from './mutations.js';

/** What the short tests of the checker need, compiled. */
const needed = [
  'src/controller',
  'src/errors.js',
  'src/fault-kinds.js',
  'src/bus/result-counts.js',
  'src/bus/result-records.js',
  'test/controller/judging',
  'test/system/chaos/random.js',
];
/** The short tests, those that take least time first. */
const suite = ['terms', 'journals', 'verdicts', 'arrivals', 'times', 'blind-times', 'layers', 'generated'];

let copy: string;

before(async () => {
  copy = await mkdtemp(path.join(tmpdir(), 'postern-mutations-'));
  for (const part of needed) {
    await mkdir(path.dirname(path.join(copy, part)), { recursive: true });
    await cp(path.join(compiledRoot, part), path.join(copy, part), { recursive: true });
  }
  await cp(path.join(checkoutRoot, 'package.json'), path.join(copy, 'package.json'));
  await symlink(path.join(checkoutRoot, 'node_modules'), path.join(copy, 'node_modules'));
});
after(() => rm(copy, { recursive: true, force: true }));

/** How a Node ends. */
async function run(args: readonly string[]): Promise<unknown> {
  const env = { ...process.env };
  // It would make what is run a part of this test.
  delete env.NODE_TEST_CONTEXT;
  const child = spawn(process.execPath, [...args], { stdio: 'ignore', env, timeout: 120_000 });
  const [code] = await once(child, 'close');
  return code;
}

/** The first file of the suite that is red; undefined: all are green. */
async function firstRed(): Promise<string | undefined> {
  for (const name of suite) {
    if ((await run([path.join(copy, 'test/controller/judging', `${name}.test.js`)])) !== 0) return name;
  }
  return undefined;
}

describe('a checker that is broken', () => {
  test('is not: the suite is green', async () => {
    assert.equal(await firstRed(), undefined);
  });

  test('is broken in at least 30 ways, each of which is another', () => {
    assert.ok(mutations.length >= 30);
    assert.equal(new Set(mutations.map((one) => JSON.stringify(one))).size, mutations.length);
  });

  for (const { file, search, replace } of mutations) {
    test(`is found out: ${file}: ${search.replace(/\s+/g, ' ')}`, async () => {
      const where = path.join(copy, 'src/controller/judging', file);
      const text = await readFile(where, 'utf8');
      assert.equal(text.split(search).length - 1, 1, 'the place is there once');
      try {
        await writeFile(
          where,
          text.replace(search, () => replace),
        );
        assert.equal(await run(['--check', where]), 0, 'it is still a program');
        assert.notEqual(await firstRed(), undefined, 'all tests of the checker are green');
      } finally {
        await writeFile(where, text);
      }
    });
  }
});
