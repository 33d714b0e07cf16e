import { readFile } from 'node:fs/promises';
import { errorText, PosternError } from '../errors.js';
import type { DialTls } from '../wire/dial.js';
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

async function readPem(path: string | undefined, what: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const text = await readFile(path, 'utf8');
    if (text.includes('-----BEGIN ')) return text;
    throw new Error('it is no PEM file: no line begins with -----BEGIN');
  } catch (cause) {
    throw new PosternError(
      'TLS_FILE_UNREADABLE',
      `cannot use the ${what} file ${path}: ${errorText(cause)}`,
      {
        hint: 'give the path of a PEM file that this user may read',
        exitCode: 2,
        cause,
      },
    );
  }
}
