import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadOrCreateAuthority } from '../../bus/authority.js';
import { startEmbeddedServer } from '../../bus/embedded-server.js';
import { findServerBinary } from '../../bus/server-binary.js';
import { defaultDataDirectory } from '../../client/data-directory.js';
import { packageRoot } from '../../package-info.js';
import { keysIn, startHubProcess } from '../hub-process.js';
import { hubConfigOf, upBindings, upSettings } from '../hub-settings.js';
import type { Invocation } from '../invocation.js';
import { makeDataDirectory } from '../make-data-directory.js';
import { serve } from '../serving.js';
import { readSettings } from '../settings.js';

/** `postern up`. */
export async function run(invocation: Invocation): Promise<number> {
  const settings = await readSettings(invocation, upSettings, upBindings);
  const data = await makeDataDirectory(settings.data ?? defaultDataDirectory(invocation.env));
  return serve(invocation, settings.logLevel, async (log, cleanup) => {
    const authority = await loadOrCreateAuthority(keysIn(data));
    const binary = await findServerBinary({ toolsDir: toolsDirectory(data), log, env: invocation.env });
    log.info(`nats-server ${binary.version}, ${binary.source}`);
    const server = await startEmbeddedServer({
      dir: data,
      binary: binary.path,
      authority,
      listen: settings.natsListen,
      log,
    });
    cleanup.add('the NATS server', () => server.stop());
    const natsUrls = [server.url];
    const config = hubConfigOf(settings, { data, natsUrls });
    return startHubProcess({ command: 'up', config, natsUrls, authority, log, cleanup });
  });
}

/** Where tools are installed: in a checkout for all that runs there, else in the data directory. */
function toolsDirectory(data: string): string {
  const root = packageRoot();
  return existsSync(join(root, 'Makefile')) ? join(root, '.tools') : join(data, 'tools');
}
