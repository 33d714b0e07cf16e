/**
 * The long tests once, and the others `ROUNDS` times (3), on the nats-server that the product finds and on Debian's.
 * `ONLY=text` takes the files whose path holds the text.
 */
import { errorText } from '../src/errors.js';
import { testFiles } from './testing/files.js';
import { debianServer, productServer } from './testing/nats-servers.js';
import { runTests } from './testing/run-tests.js';

const rounds = Number(process.env.ROUNDS ?? 3);
const only = process.env.ONLY ?? '';
const chosen = (kind: 'fast' | 'long'): string[] => testFiles(kind).filter((file) => file.includes(only));

/** Runs everything; resolves to one line for each run. */
async function soak(): Promise<{ line: string; failed: boolean }[]> {
  const [newest, old] = [await productServer(), await debianServer()];
  const runs = [newest, old].flatMap((server) => [
    { server, kind: 'long' as const, round: 1 },
    ...Array.from({ length: rounds }, (_, index) => ({ server, kind: 'fast' as const, round: index + 1 })),
  ]);
  const results: { line: string; failed: boolean }[] = [];
  for (const { server, kind, round } of runs) {
    const files = chosen(kind);
    if (files.length === 0) continue;
    const title = `${kind} tests, round ${round}, nats-server ${server.version}`;
    process.stdout.write(`\n=== ${title}\n`);
    const startedAt = performance.now();
    const outcome = await runTests({
      files,
      atOnce: 2,
      fileTimeoutMs: kind === 'long' ? 1_800_000 : 240_000,
      timeoutMs: kind === 'long' ? 7_200_000 : 1_800_000,
      env: {
        POSTERN_NATS_SERVER: server.path,
        POSTERN_NATS_SERVER_OLD: old.path,
        POSTERN_SOAK: '1',
      },
      strict: true,
    });
    for (const failure of outcome.failures) process.stdout.write(`FAILED: ${failure}\n`);
    const failed = outcome.failures.length > 0;
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    results.push({ line: `${failed ? 'FAIL' : 'pass'}  ${title}, ${seconds} s`, failed });
  }
  return results;
}

try {
  const results = await soak();
  process.stdout.write(`\n${results.map(({ line }) => line).join('\n')}\n`);
  if (results.length === 0) process.stdout.write('FAILED: no test ran\n');
  process.exitCode = results.length > 0 && results.every(({ failed }) => !failed) ? 0 : 1;
} catch (thrown) {
  process.stdout.write(`FAILED: ${errorText(thrown)}\n`);
  process.exitCode = 1;
}
