/**
 * A process that keeps an embedded NATS server: `node nats-parent.js DIRECTORY BINARY`. It says `{"url","pid"}` when the
 * server runs, stops it on SIGTERM, and says `{"code","message"}` when it cannot start.
 */
import { join } from 'node:path';
import { loadOrCreateAuthority } from '../../src/bus/authority.js';
import { startEmbeddedServer } from '../../src/bus/embedded-server.js';
import { PosternError } from '../../src/errors.js';
import { createLogger } from '../../src/log.js';

const [dir = '', binary = ''] = process.argv.slice(2);
try {
  const server = await startEmbeddedServer({
    dir,
    binary,
    authority: await loadOrCreateAuthority(join(dir, 'keys')),
    log: createLogger('silent'),
  });
  process.once('SIGTERM', () => {
    server.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  process.stdout.write(`${JSON.stringify({ ready: true, url: server.url, pid: server.pid })}\n`);
} catch (thrown) {
  const code = thrown instanceof PosternError ? thrown.code : 'OTHER';
  process.stdout.write(`${JSON.stringify({ ready: false, code, message: String(thrown) })}\n`);
  process.exit(3);
}
