import { errorText, PosternError } from '../../errors.js';
import { joinAborts } from '../../joined-abort.js';
import { readCallback } from './callback.js';

/** A token server may take so long to answer, in milliseconds. */
const answerWithinMs = 10_000;
/** Its page is at most so large, in bytes. */
const mostPageBytes = 256 * 1024;

/**
 * Asks a token server at the URL that a daemon gives, in the place of its user, who has to agree to the service where the
 * server wants that; resolves to the URL that it leads back to. Nothing leads to another server. Throws `TOKEN_SERVER_UNREACHABLE`,
 * `TOKEN_SERVER_REFUSED`.
 * @param asked the token server that was meant
 */
export async function answerOf(
  page: string,
  { asked, service }: { readonly asked: string; readonly service: string },
  signal: AbortSignal,
): Promise<string> {
  const url = pageUrl(page, asked);
  const got = await request(url, { method: 'GET' }, signal);
  const found = got.found;
  const form = { method: 'POST', body: new URLSearchParams({ [`${service}_selected`]: '1' }) };
  const clicked =
    found !== undefined && 'wantsClick' in found ? (await request(url, form, signal)).found : found;
  if (clicked === undefined || 'wantsClick' in clicked) {
    throw refused(asked, `it answers with status ${got.status} and leads nowhere`);
  }
  const { searchParams } = new URL(clicked.url);
  const error = searchParams.get('error');
  if (error === null) return clicked.url;
  const why = [error, searchParams.get('error_description') ?? ''].filter((part) => part !== '').join(': ');
  throw refused(asked, why.slice(0, 300));
}

/** The URL that a daemon gives has to be of the server that was meant: it could name any place. */
function pageUrl(page: string, asked: string): URL {
  const url = URL.canParse(page) ? new URL(page) : undefined;
  const meant = new URL(asked);
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.host === meant.host && url.username === '') {
    return url;
  }
  const shown = url === undefined ? 'no URL' : `${url.protocol}//${url.host}`;
  throw new PosternError('DAEMON_REFUSED', `the daemon leads to ${shown} instead of ${meant.origin}`);
}

async function request(
  url: URL,
  init: { readonly method: string; readonly body?: URLSearchParams },
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly found: ReturnType<typeof readCallback> }> {
  const limited = joinAborts([signal], answerWithinMs);
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: limited.signal });
    const { status, headers } = response;
    const fields = { redirect: headers.get('x-auth-redirect'), location: headers.get('location') };
    const text = await textOf(response);
    const found = readCallback(fields, text);
    if (found === undefined && status >= 300 && status < 400) {
      throw refused(url.origin, 'it redirects to another place, which is not followed');
    }
    return { status, found };
  } catch (thrown) {
    if (thrown instanceof PosternError) throw thrown;
    const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
    const why = limited.timedOut ? `no answer within ${answerWithinMs / 1000} s` : errorText(cause);
    throw new PosternError(
      'TOKEN_SERVER_UNREACHABLE',
      `the token server at ${url.origin} does not answer: ${why}`,
      {
        hint: 'is it running, and does it listen there? postern token-server listens on 127.0.0.1:8091 by default',
        cause: thrown,
      },
    );
  } finally {
    limited.release();
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > mostPageBytes) throw new Error(`its page is larger than ${mostPageBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refused(asked: string, why: string): PosternError {
  return new PosternError('TOKEN_SERVER_REFUSED', `the token server at ${asked} refuses: ${why}`);
}
