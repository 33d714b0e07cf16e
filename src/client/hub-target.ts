import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, PosternError } from '../errors.js';
import { readHubFile } from './hub-file.js';

/** A hub, and with what to come to it. */
export interface HubTarget {
  /** `HOST:PORT` or `unix:/path`. */
  readonly address: string;
  /** Where the address is from, for messages. */
  readonly from: string;
  readonly token: string | undefined;
}

/** What the user said about the hub. */
export interface HubChoice {
  readonly hub: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  /** Data directory, where a hub on this machine leaves its address and a token. */
  readonly data: string;
}

/** Where a hub listens when nobody says otherwise. */
export const defaultHubAddress = '127.0.0.1:9090';

/**
 * Finds the hub: what was said, else the running hub of the data directory, else 127.0.0.1:9090. And the token: what was
 * said, else the one in the data directory. Throws `HUB_INVALID`, `TOKEN_UNREADABLE` (exit status 2).
 */
export async function findHub(choice: HubChoice): Promise<HubTarget> {
  const token = await findToken(choice);
  if (choice.hub !== undefined) return { address: parseHub(choice.hub), from: 'as told', token };
  const running = await readHubFile(choice.data);
  const first = running?.listen[0];
  if (first !== undefined) return { address: dialable(first), from: `from ${choice.data}/hub.json`, token };
  return { address: defaultHubAddress, from: 'the default', token };
}

/** `http://HOST:PORT`, `HOST:PORT` or `unix:/path`, as gRPC dials it. Throws `HUB_INVALID`. */
export function parseHub(text: string): string {
  if (/^unix:./.test(text)) return text;
  const bare = text.replace(/^(http|grpc):\/\//, '').replace(/\/$/, '');
  const port = Number(/^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(bare)?.[1]);
  if (port >= 1 && port <= 65_535) return bare;
  const tls = text.startsWith('https://');
  throw new PosternError('HUB_INVALID', `'${text}' is not the address of a hub`, {
    hint: tls
      ? 'TLS towards the hub is not there yet; write http://HOST:PORT'
      : 'write HOST:PORT or http://HOST:PORT, e.g. --hub 127.0.0.1:9090',
    exitCode: 2,
  });
}

/** An address that one listens at, as one dials it. */
export function dialable(listen: string): string {
  return listen.replace(/^(0\.0\.0\.0|\[::\]|)(?=:\d+$)/, '127.0.0.1');
}

async function findToken(choice: HubChoice): Promise<string | undefined> {
  if (choice.token !== undefined) return choice.token.trim();
  const file = choice.tokenFile ?? join(choice.data, 'tokens/admin.jwt');
  try {
    const text = (await readFile(file, 'utf8')).trim();
    return text === '' ? undefined : text;
  } catch (thrown) {
    if (choice.tokenFile === undefined) return undefined;
    throw new PosternError('TOKEN_UNREADABLE', `cannot read --token-file ${file}: ${errorText(thrown)}`, {
      exitCode: 2,
    });
  }
}
