import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { errorText, PosternError } from '../../errors.js';
import { argumentInvalid } from './status.js';
import type { Exchanged } from './tokens.js';

const redirectUri = 'berty://services-auth/';
const clientId = 'berty';
const answerMs = 10_000;
const mostAnswerBytes = 64 * 1024;

const answer = z.object({
  access_token: z.string().default(''),
  token_type: z
    .string()
    .regex(/^bearer$/i, 'it gives a token of a kind that is not known here')
    .default('bearer'),
  /** Seconds. */
  expires_in: z.number().positive().optional(),
  error: z.string().default(''),
  error_description: z.string().default(''),
  services: z.record(z.string(), z.string()).default({}),
});

interface Flow {
  readonly authUrl: string;
  readonly state: string;
  readonly verifier: string;
}

/** Gets tokens of a token server by OAuth 2 with PKCE (RFC 7636); one flow at a time. */
export class AuthFlow {
  #flow: Flow | undefined;

  /** Begins anew; gives the page to open. Throws `ARGUMENT_INVALID`. */
  begin(authUrl: string, services: readonly string[]): URL {
    const base = httpUrl(authUrl);
    const flow = { authUrl, state: random(), verifier: random() };
    const page = new URL('authorize', base);
    const query = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      state: flow.state,
      code_challenge: createHash('sha256').update(flow.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...(services.length > 0 ? { scope: services.join(',') } : {}),
    };
    for (const [name, value] of Object.entries(query)) page.searchParams.set(name, value);
    this.#flow = flow;
    return page;
  }

  /**
   * Exchanges the code that the page has led to. Throws `ARGUMENT_INVALID`, `FLOW_UNKNOWN`, `TOKEN_REFUSED`,
   * `REPLICATION_REFUSED` where the token server does not answer.
   */
  async complete(callbackUrl: string): Promise<{ answer: Exchanged; authUrl: string }> {
    const flow = this.#flow;
    if (flow === undefined)
      throw new PosternError('FLOW_UNKNOWN', 'no flow was begun', { hint: 'call AuthServiceInitFlow' });
    if (!URL.canParse(callbackUrl)) throw argumentInvalid('callback_url is no URL');
    const { searchParams } = new URL(callbackUrl);
    const error = searchParams.get('error');
    const state = searchParams.get('state');
    // Berty's token server tells errors without a state.
    if (state !== flow.state && (state !== null || error === null))
      throw argumentInvalid('callback_url is of another flow');
    this.#flow = undefined;
    if (error !== null) {
      const why = [error, searchParams.get('error_description') ?? '']
        .filter((part) => part !== '')
        .join(': ');
      throw new PosternError('TOKEN_REFUSED', `the token server refuses: ${why.slice(0, 200)}`);
    }
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code: searchParams.get('code') ?? '',
      client_id: clientId,
      code_verifier: flow.verifier,
      redirect_uri: redirectUri,
    });
    return { answer: await post(new URL('oauth/token', httpUrl(flow.authUrl)), body), authUrl: flow.authUrl };
  }
}

async function post(url: URL, body: URLSearchParams): Promise<Exchanged> {
  try {
    // Who is led elsewhere would show the code and the verifier there.
    const response = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(answerMs),
    });
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > mostAnswerBytes) throw new Error('its answer has no end');
      chunks.push(chunk);
    }
    const said = answer.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    return {
      accessToken: said.access_token,
      services: said.services,
      error: said.error,
      errorDescription: said.error_description,
      expiresAt: said.expires_in === undefined ? undefined : Math.floor(Date.now() / 1000 + said.expires_in),
    };
  } catch (cause) {
    const why = reasonOf(cause);
    throw new PosternError(
      'REPLICATION_REFUSED',
      `the token server ${url.origin} does not answer well: ${why}`,
      { cause },
    );
  }
}

/** What fetch says lies one level deeper. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof z.ZodError) return thrown.issues[0]?.message ?? 'it cannot be understood';
  return errorText(thrown instanceof Error ? (thrown.cause ?? thrown) : thrown);
}

function httpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text.endsWith('/') ? text : `${text}/`) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw argumentInvalid(`'${text.slice(0, 200)}' is no URL of a token server`);
}

function random(): string {
  return randomBytes(32).toString('base64url');
}
