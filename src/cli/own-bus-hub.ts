import type { z } from 'zod';
import { loadOrCreateAuthority } from '../bus/authority.js';
import { startEmbeddedServer } from '../bus/embedded-server.js';
import { findServerBinary } from '../bus/server-binary.js';
import { defaultDataDirectory } from '../client/data-directory.js';
import { accountIssuer } from './accounts/keys.js';
import { accountsBeside } from './accounts/settings.js';
import { startHubProcess } from './hub-process.js';
import { hubConfigOf, type upSettings } from './hub-settings.js';
import type { Invocation } from './invocation.js';
import { keysIn } from './keys-directory.js';
import { makeDataDirectory } from './make-data-directory.js';
import { seenFile } from './reload.js';
import { routesOrigin } from './route-settings.js';
import { serve } from './serving.js';
import { toolsDirectory } from './tools-directory.js';

/**
 * Serves a hub with a NATS server of its own until it is told to stop; resolves to the exit status.
 * @param read reads the settings, at the start and whenever they may have changed.
 */
export async function serveWithOwnBus(
  invocation: Invocation,
  read: () => Promise<z.infer<typeof upSettings>>,
): Promise<number> {
  const file = await seenFile(invocation.options.text('config'));
  const settings = await read();
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
    const place = { data, natsUrls, routesFrom: routesOrigin(invocation) };
    const accounts =
      settings.accounts === undefined ? undefined : await accountsBeside(settings.accounts, invocation);
    const issuer = accounts === undefined ? undefined : await accountIssuer(data, accounts);
    const configOf = (told: z.infer<typeof upSettings>) => {
      const config = hubConfigOf(told, place);
      return issuer === undefined ? config : { ...config, issuers: [...(config.issuers ?? []), issuer] };
    };
    const config = configOf(settings);
    const configure = async () => configOf(await read());
    return startHubProcess({
      invocation,
      config,
      file,
      configure,
      natsUrls,
      authority,
      withController: true,
      accounts,
      log,
      cleanup,
    });
  });
}
