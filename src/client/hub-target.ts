import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, PosternError } from '../errors.js';
import { readPemFile } from '../wire/pem-file.js';
import { readHubFile } from './hub-file.js';

/** A hub, and with what to come to it. */
export interface HubTarget {
  /** `HOST:PORT` or `unix:/path`. */
  readonly address: string;
  /** Where the address is from, for messages. */
  readonly from: string;
  readonly token: string | undefined;
  /** Host name that is called there, by which its routes lead to services beside it; absent: that of the address. */
  readonly host?: string;
  /** How TLS is spoken with it; absent: without. */
  readonly tls?: HubTls;
}

/** Whom to trust to be the hub. */
export interface HubTls {
  /** PEM of the authorities to trust; undefined: those of the system. */
  readonly ca: string | undefined;
  /** False takes any certificate. */
  readonly rejectUnauthorized: boolean;
  /** Name in the hub's certificate, where it is not the host of the address. */
  readonly serverName?: string;
  /** Own certificate and its key, PEM. */
  readonly own?: { readonly cert: string; readonly key: string };
}

/** What the user said about the hub. */
export interface HubChoice {
  readonly hub: string | undefined;
  /** Where `hub` is from, for messages; default: `as told`. For one that is not told: what chose the data directory. */
  readonly from?: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  /** File with the authorities to trust where the hub is `https`. */
  readonly ca?: string | undefined;
  /** Takes any certificate of the hub. */
  readonly insecure?: boolean | undefined;
  /** Speaks TLS although the address does not say so. */
  readonly tls?: boolean;
  /** Name in the hub's certificate, where it is not the host of the address. */
  readonly serverName?: string | undefined;
  /** Files with an own certificate and its key. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Data directory, where a hub on this machine leaves its address and a token. */
  readonly data: string;
  /** False leaves the token of the data directory out: it is another hub's. Default true. */
  readonly ownToken?: boolean;
}

/** Where a hub listens when nobody says otherwise. */
export const defaultHubAddress = '127.0.0.1:9090';

/**
 * Finds the hub: what was said, else the running hub of the data directory, else 127.0.0.1:9090. And the token: what was
 * said, else the one in the data directory. Throws `HUB_INVALID`, `TOKEN_UNREADABLE`, `TLS_FILE_UNREADABLE` (exit
 * status 2).
 */
export async function findHub(choice: HubChoice): Promise<HubTarget> {
  const token = await findToken(choice);
  if (choice.hub !== undefined) {
    const { address, tls } = parseHub(choice.hub);
    return { address, from: choice.from ?? 'as told', token, ...(await tlsOf(choice, tls)) };
  }
  const by = choice.from === undefined ? '' : `, ${choice.from}`;
  const running = await readHubFile(choice.data);
  const first = running?.listen[0];
  // From this machine a hub is reached without TLS too.
  if (first !== undefined) {
    return {
      address: dialable(first),
      from: `from ${choice.data}/hub.json${by}`,
      token,
      ...(await tlsOf(choice)),
    };
  }
  return { address: defaultHubAddress, from: `the default${by}`, token, ...(await tlsOf(choice)) };
}

/**
 * `http://HOST:PORT`, `https://HOST[:PORT]`, `HOST:PORT` or `unix:/path`, as gRPC dials it, and whether with TLS. Throws
 * `HUB_INVALID`.
 */
export function parseHub(text: string): { address: string; tls: boolean } {
  if (/^unix:./.test(text)) return { address: text, tls: false };
  const tls = /^(https|grpcs):\/\//.test(text);
  const rest = text.replace(/^(https?|grpcs?):\/\//, '').replace(/\/$/, '');
  const bare = tls && !/:\d+$/.test(rest) ? `${rest}:443` : rest;
  const port = Number(/^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(bare)?.[1]);
  if (port >= 1 && port <= 65_535) return { address: bare, tls };
  throw new PosternError('HUB_INVALID', `'${text}' is not the address of a hub`, {
    hint: 'write HOST:PORT, http://HOST:PORT or https://HOST[:PORT], e.g. --hub 127.0.0.1:9090',
    exitCode: 2,
  });
}

/** An address that one listens at, as one dials it. */
export function dialable(listen: string): string {
  return listen.replace(/^(0\.0\.0\.0|\[::\]|)(?=:\d+$)/, '127.0.0.1');
}

/** How TLS is spoken, where the address or the choice says so. Throws `USAGE`, `TLS_FILE_UNREADABLE` (exit status 2). */
async function tlsOf(choice: HubChoice, ofAddress = false): Promise<{ tls?: HubTls }> {
  if (!ofAddress && choice.tls !== true) return {};
  const { ca, insecure, serverName, certFile, keyFile } = choice;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new PosternError('USAGE', 'a certificate needs its key, and a key its certificate', {
      exitCode: 2,
    });
  }
  const own =
    certFile === undefined || keyFile === undefined
      ? {}
      : {
          own: {
            cert: await readPemFile(certFile, 'certificate'),
            key: await readPemFile(keyFile, 'key'),
          },
        };
  return {
    tls: {
      ca: ca === undefined ? undefined : await readPemFile(ca, 'CA'),
      rejectUnauthorized: insecure !== true,
      ...(serverName === undefined ? {} : { serverName }),
      ...own,
    },
  };
}

async function findToken(choice: HubChoice): Promise<string | undefined> {
  if (choice.token !== undefined) return choice.token.trim();
  if (choice.tokenFile === undefined && choice.ownToken === false) return undefined;
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
