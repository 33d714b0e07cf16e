import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TokenServerConfig } from '../../../src/accounts/token-server/config.js';
import {
  type RunningTokenServer,
  startTokenServer,
} from '../../../src/accounts/token-server/token-server.js';
import { createLogger } from '../../../src/log.js';

/** Where the app is. */
export const redirect = 'berty://services-auth/';

/** Token servers of a test, with a directory for their keys. */
export class TokenStage {
  readonly directory: string;
  readonly #running: RunningTokenServer[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<TokenStage> {
    return new TokenStage(await mkdtemp(path.join(tmpdir(), 'postern-token-')));
  }

  async start(config: Partial<TokenServerConfig> = {}): Promise<RunningTokenServer & { url: string }> {
    const server = await startTokenServer(
      {
        listen: '127.0.0.1:0',
        services: new Map([
          ['rpl', '127.0.0.1:4103'],
          ['psh', 'push.example.org:443'],
        ]),
        clients: ['berty'],
        keyFile: path.join(this.directory, 'key.jwk'),
        noClick: true,
        tokenMs: 3_600_000,
        ...config,
      },
      createLogger('silent', {}),
    );
    this.#running.push(server);
    return { ...server, url: `http://${server.listen}` };
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((server) => server.stop()));
    await rm(this.directory, { recursive: true });
  }
}

/** A verifier as Berty's daemons make it, and its challenge. */
export function newVerifier(): { verifier: string; challenge: string } {
  const verifier = randomBytes(24).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** The URL that a daemon gives its user; `undefined` leaves a field out. */
export function authorizeUrl(
  url: string,
  challenge: string,
  more: Record<string, string | undefined> = {},
): URL {
  const page = new URL('/authorize', url);
  const fields = {
    response_type: 'code',
    client_id: 'berty',
    redirect_uri: redirect,
    state: 'a state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  };
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) page.searchParams.set(name, value);
  return page;
}

/** The callback that an answer leads to, by its field. */
export function callbackOf(response: Response): URLSearchParams {
  const text = response.headers.get('x-auth-redirect') ?? '';
  if (!text.startsWith(`${redirect}?`)) throw new Error(`the answer leads to '${text}'`);
  return new URL(text).searchParams;
}

/** The mark in the form of a page. */
export async function markOf(page: URL): Promise<string> {
  const text = await (await fetch(page)).text();
  return /<input type="hidden" name="consent" value="([^"]+)">/.exec(text)?.[1] ?? '';
}

/** A code, got without a click. */
export async function codeOf(
  url: string,
  challenge: string,
  more: Record<string, string> = {},
): Promise<string> {
  const code = callbackOf(await fetch(authorizeUrl(url, challenge, more))).get('code');
  if (code === null) throw new Error('no code was given');
  return code;
}

/** Sends the form for a token; `undefined` leaves a field out. */
export async function exchange(
  url: string,
  fields: Record<string, string | undefined>,
): Promise<{ status: number; said: Record<string, unknown> }> {
  const body = new URLSearchParams();
  const all = { grant_type: 'authorization_code', client_id: 'berty', ...fields };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) body.set(name, value);
  const response = await fetch(new URL('/oauth/token', url), { method: 'POST', body });
  const said: Record<string, unknown> = JSON.parse(await response.text());
  return { status: response.status, said };
}
