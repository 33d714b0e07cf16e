import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { PosternError } from '../../src/errors.js';
import { checkoutRoot, compiledRoot } from '../../test/support/processes.js';

export { checkoutRoot };

/** `fast` tests run with every `make test`; `long` ones, named `*.long.test.ts`, only in `make soak`. */
export type TestKind = 'fast' | 'long';

/**
 * The compiled files of all tests of one kind, found through their sources, so that nothing runs whose source is
 * gone. Throws when one was not compiled.
 */
export function testFiles(kind: TestKind): string[] {
  const sources = readdirSync(path.join(checkoutRoot, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && file.endsWith('.long.test.ts') === (kind === 'long'))
    .sort();
  const compiled = sources.map((file) => path.join(compiledRoot, 'test', `${file.slice(0, -3)}.js`));
  const missing = compiled.filter((file) => !existsSync(file));
  if (missing.length > 0) {
    throw new PosternError('NOT_BUILT', `not compiled: ${missing.join(', ')}`, { hint: 'run `make setup`' });
  }
  return compiled;
}
