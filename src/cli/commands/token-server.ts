import { join } from 'node:path';
import { parseServices, type TokenServerConfig } from '../../accounts/token-server/config.js';
import { startTokenServer } from '../../accounts/token-server/token-server.js';
import { defaultDataDirectory } from '../../client/data-directory.js';
import { makePrivateDirectory } from '../../private-file.js';
import type { Invocation } from '../invocation.js';
import { makeDataDirectory } from '../make-data-directory.js';
import { serve } from '../serving.js';
import { readSettings } from '../settings.js';
import {
  type TokenServerSettings,
  tokenServerBindings,
  tokenServerSettings,
} from '../token-server-settings.js';

/** `postern token-server`. */
export async function run(invocation: Invocation): Promise<number> {
  const settings = await readSettings(invocation, tokenServerSettings, tokenServerBindings);
  const keyFile = settings.signingKey ?? (await defaultKeyFile(settings, invocation));
  const config = configOf(settings, keyFile);
  return serve(invocation, settings.logLevel, async (log, cleanup) => {
    const server = await startTokenServer(config, log);
    cleanup.add('the token server', () => server.stop());
    const { listen, publicKey } = server;
    const scheme = config.tls === undefined ? 'http' : 'https';
    if (scheme === 'http' && !/^(?:127\.|localhost|\[::1\])/.test(listen)) {
      log.warn({ listen }, 'without TLS, whoever listens on the way sees the tokens');
    }
    return {
      facts: { listen, publicKey, services: Object.fromEntries(config.services), pid: process.pid },
      line: `token-server: ready on ${scheme}://${listen} for ${[...config.services.keys()].join(', ')}; replication nodes check its tokens with --accept-key ${publicKey}`,
    };
  });
}

async function defaultKeyFile(settings: TokenServerSettings, { env }: Invocation): Promise<string> {
  const data = await makeDataDirectory(settings.data ?? defaultDataDirectory(env));
  const directory = join(data, 'token-server');
  await makePrivateDirectory(directory);
  return join(directory, 'key.jwk');
}

function configOf(settings: TokenServerSettings, keyFile: string): TokenServerConfig {
  const { listen, service, client, noClick, tokenLife, tlsCertFile: cert, tlsKeyFile: key } = settings;
  return {
    listen: listen.join(),
    services: parseServices(service),
    clients: client,
    keyFile,
    noClick,
    tokenMs: tokenLife * 1000,
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
  };
}
