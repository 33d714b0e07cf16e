import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTsc } from './import-graph.js';

/** What the machines may not see, though the language has it; the rest (timers, fetch, process) comes from Node. */
const impure = [
  /^\s*declare var Date:.*$/gm,
  /^\s*(?:const|var) DateTimeFormat:.*$/gm,
  /^\s*random\(\): number;$/gm,
  /^declare function eval\(.*$/gm,
  /^\s*declare var (?:Function|Atomics|SharedArrayBuffer):.*$/gm,
];

/** Files of the compiler's own library that this project is compiled with; the same for all that is compiled here. */
let libraries: Promise<readonly string[]> | undefined;

async function librariesOf(tsc: string, checkout: string): Promise<readonly string[]> {
  const listed = await runTsc(tsc, ['-p', checkout, '--listFilesOnly']);
  const found = listed
    .split('\n')
    .filter((file) => /\/lib\.[^/]*\.d\.ts$/.test(file))
    .map((file) => path.resolve('/', file));
  if (found.length === 0) throw new Error('the compiler names no library of its own');
  return found;
}

/**
 * Compiles machines against a library without clock and randomness and without the types of Node, so that a machine
 * that reads either does not compile. `into` is an empty directory. Resolves to the compiler's complaints.
 */
export async function compilePure(options: {
  readonly machines: readonly string[];
  readonly checkout: string;
  readonly tsc: string;
  readonly into: string;
}): Promise<string[]> {
  const { machines, checkout, tsc, into } = options;
  libraries ??= librariesOf(tsc, checkout);
  const copies: string[] = [];
  let removed = 0;
  for (const library of await libraries) {
    let text = await readFile(library, 'utf8');
    for (const pattern of impure) {
      text = text.replace(pattern, () => {
        removed++;
        return '';
      });
    }
    const copy = path.join(into, path.basename(library).replace(/^lib\./, 'pure.'));
    await writeFile(copy, text.replace(/^\/\/\/ <reference .*$/gm, ''));
    copies.push(copy);
  }
  if (removed < impure.length) throw new Error('the library of the compiler has changed its words');
  const config: { compilerOptions: Record<string, unknown> } = JSON.parse(
    await readFile(path.join(checkout, 'tsconfig.json'), 'utf8'),
  );
  const { lib: _replaced, outDir: _none, ...ownOptions } = config.compilerOptions;
  await writeFile(
    path.join(into, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: { ...ownOptions, noLib: true, types: [], noEmit: true, rootDir: '/' },
      include: [],
      files: [...copies, ...machines],
    }),
  );
  const said = await runTsc(tsc, ['-p', into, '--pretty', 'false']);
  return said.split('\n').filter((line) => /error TS\d+/.test(line));
}
