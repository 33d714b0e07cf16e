import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { PosternError } from '../../src/errors.js';

/** The checkout: this file is compiled to `<checkout>/dist/scripts/testing`. */
export const checkoutRoot = path.resolve(import.meta.dirname, '../../..');

/** `fast` tests run with every `make test`; `long` ones, named `*.long.test.ts`, only in `make soak`. */
export type TestKind = 'fast' | 'long';

/**
 * The compiled files of all tests of one kind, found through their sources, so that nothing runs whose source is
 * gone. Throws when one was not compiled.
 */
export function testFiles(kind: TestKind, root = checkoutRoot): string[] {
  const sources = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && file.endsWith('.long.test.ts') === (kind === 'long'))
    .sort();
  const compiled = sources.map((file) => path.join(root, 'dist/test', `${file.slice(0, -3)}.js`));
  const missing = compiled.filter((file) => !existsSync(file));
  if (missing.length > 0) {
    throw new PosternError('NOT_BUILT', `not compiled: ${missing.join(', ')}`, { hint: 'run `make setup`' });
  }
  return compiled;
}
