import type { DialTls } from '../wire/dial.js';
import type { OutboundOptions } from '../wire/outbound.js';
import { readPemFile } from '../wire/pem-file.js';
import type { AgentConfig } from './config.js';

/** Reads the files of `toTls`. Throws `PosternError` `TLS_FILE_UNREADABLE` (exit status 2) naming the file. */
export async function loadTls(config: AgentConfig['toTls']): Promise<DialTls> {
  const [ca, cert, key] = await Promise.all([
    readPem(config?.ca, 'ca'),
    readPem(config?.cert, 'cert'),
    readPem(config?.key, 'key'),
  ]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(config?.serverName === undefined ? {} : { servername: config.serverName }),
    rejectUnauthorized: !(config?.insecure ?? false),
  };
}

/** Reads the files of `hubTls`: whom to trust on the way to the hub. Throws as `loadTls` does. */
export async function loadOutbound(config: AgentConfig['hubTls']): Promise<OutboundOptions> {
  const ca = await readPem(config?.ca, 'CA');
  return { ...(ca === undefined ? {} : { ca }), rejectUnauthorized: !(config?.insecure ?? false) };
}

async function readPem(path: string | undefined, what: string): Promise<string | undefined> {
  return path === undefined ? undefined : readPemFile(path, what);
}
