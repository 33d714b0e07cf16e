import { join, resolve } from 'node:path';
import { replacePrivateFile } from '../private-file.js';
import type { BusAuthority } from './authority.js';

/** What a NATS server for Postern shall be like, apart from whom it lets in. */
export interface ServerConfigOptions {
  /** `HOST:PORT` to listen on. */
  readonly listen: string;
  /** Directory for the files of JetStream. */
  readonly storeDirectory: string;
  /** Name of the server; it shows in the server's greeting. */
  readonly name?: string;
  /** File for the server's process id. */
  readonly pidFile?: string;
}

/** Largest message that the server takes, in bytes: the server's own default, said so that it stays that. */
const maxPayloadBytes = 1024 * 1024;
/**
 * Room for all buckets, for all kept messages and for the files that agents bring; more than the limits of all of them come
 * to, as a server takes no stream for which that is not so.
 */
const fileStoreBytes = 2 ** 33;
const memoryStoreBytes = 2 ** 29;

/** The text of a nats-server configuration that lets in only whom `authority` has signed for. It holds no secret. */
export async function serverConfig(authority: BusAuthority, options: ServerConfigOptions): Promise<string> {
  const { operatorJwt, systemAccount, account } = await authority.documents();
  const lines = [
    '# A NATS server for Postern. It takes only credentials that this operator has signed.',
    `listen: ${quote(options.listen)}`,
    ...(options.name === undefined ? [] : [`server_name: ${quote(options.name)}`]),
    ...(options.pidFile === undefined ? [] : [`pid_file: ${quote(options.pidFile)}`]),
    `max_payload: ${maxPayloadBytes}`,
    `operator: ${quote(operatorJwt)}`,
    `system_account: ${quote(systemAccount.publicKey)}`,
    'resolver: MEMORY',
    'resolver_preload: {',
    `  ${systemAccount.publicKey}: ${quote(systemAccount.jwt)}`,
    `  ${account.publicKey}: ${quote(account.jwt)}`,
    '}',
    'jetstream {',
    `  store_dir: ${quote(options.storeDirectory)}`,
    `  max_file_store: ${fileStoreBytes}`,
    `  max_memory_store: ${memoryStoreBytes}`,
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Writes `directory/nats-server.conf`, for a NATS server that somebody else runs (`nats-server -c FILE`), and gives its
 * path. Throws `DATA_UNUSABLE`.
 */
export async function writeServerConfig(
  directory: string,
  authority: BusAuthority,
  options: Partial<ServerConfigOptions> = {},
): Promise<string> {
  const path = join(resolve(directory), 'nats-server.conf');
  const text = await serverConfig(authority, {
    listen: '127.0.0.1:4222',
    storeDirectory: join(resolve(directory), 'jetstream'),
    ...options,
  });
  await replacePrivateFile(path, text);
  return path;
}

/** A string of the configuration language. JSON's escapes are understood there too. */
function quote(text: string): string {
  return JSON.stringify(text);
}
