/** Runs all tests but the long ones: what `make test` and CI do. Under `CI` a skipped test is a failure. */
import { errorText } from '../src/errors.js';
import { prepareBrowser } from './testing/browser.js';
import { prepareClients } from './testing/clients.js';
import { testFiles } from './testing/files.js';
import { prepareGoPrograms } from './testing/go-programs.js';
import { productServer } from './testing/nats-servers.js';
import { conclude, runTests } from './testing/run-tests.js';

try {
  const server = await productServer();
  process.stdout.write(`nats-server ${server.version}: ${server.path} (${server.source})\n`);
  process.stdout.write(`${await prepareGoPrograms()}\n`);
  process.stdout.write(`${await prepareBrowser()}\n`);
  process.stdout.write(`${await prepareClients()}\n`);
  const outcome = await runTests({
    files: testFiles('fast'),
    // A file waits for a third of its time, for what takes seconds by design: with three, two cores have work.
    atOnce: 3,
    fileTimeoutMs: 240_000,
    timeoutMs: 1_260_000,
    env: { POSTERN_NATS_SERVER: server.path },
    strict: !['', '0', 'false'].includes(process.env.CI ?? ''),
  });
  process.exitCode = conclude(outcome);
} catch (thrown) {
  process.stdout.write(`FAILED: ${errorText(thrown)}\n`);
  process.exitCode = 1;
}
