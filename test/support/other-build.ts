import assert from 'node:assert/strict';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkoutRoot, compiledRoot } from './processes.js';

/**
 * Makes a build below `dir` in which one machine is another one, and nothing else; gives its folder, for `POSTERN_DIST`.
 * @param machine name of its file
 * @param change makes the compiled text of another one of it
 */
export async function otherBuild(
  dir: string,
  machine: string,
  change: (compiled: string) => string,
): Promise<string> {
  const build = path.join(dir, 'dist');
  await mkdir(build);
  for (const part of ['src', 'machines']) {
    await cp(path.join(compiledRoot, part), path.join(build, part), { recursive: true });
  }
  for (const name of ['node_modules', 'package.json', 'proto', 'schemas']) {
    await symlink(path.join(checkoutRoot, name), path.join(dir, name));
  }
  const file = path.join(build, 'machines', `${machine}.js`);
  const compiled = await readFile(file, 'utf8');
  const other = change(compiled);
  assert.notEqual(other, compiled);
  await writeFile(file, other);
  return build;
}
