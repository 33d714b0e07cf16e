import { setTimeout as sleep } from 'node:timers/promises';
import { PosternError } from '../../errors.js';
import { joinAborts } from '../../joined-abort.js';
import { readCallback } from './callback.js';

/** A token server may take so long to answer, in milliseconds. */
const answerWithinMs = 10_000;
/** That there is none is not said before this time, in milliseconds: a door that is shut answers faster than one that is open. */
const unreachableAfterMs = 1_000;
/** Its page is at most so large, in bytes. */
const mostPageBytes = 256 * 1024;

/**
 * Asks a token server at the URL that a daemon gives, in the place of its user, who has to agree to the service where the
 * server wants that; resolves to the URL that it leads back to. Nothing leads to another server. Throws
 * `TOKEN_SERVER_REFUSED` where a token server says no, `DAEMON_REFUSED` where the URL is of another server, and
 * `TOKEN_SERVER_UNREACHABLE` for all else in the same words, and not within a second: whoever asks shall not learn by it
 * which doors are open. Its `cause` says what it was.
 * @param asked the token server that was meant
 */
export async function answerOf(
  page: string,
  { asked, service }: { readonly asked: string; readonly service: string },
  signal: AbortSignal,
): Promise<string> {
  const url = pageUrl(page, asked);
  const untilMs = performance.now() + unreachableAfterMs;
  try {
    const { searchParams, href } = new URL(await callbackOf(url, service, signal));
    const error = searchParams.get('error');
    if (error === null) return href;
    const why = [error, searchParams.get('error_description') ?? ''].filter((part) => part !== '').join(': ');
    throw new PosternError(
      'TOKEN_SERVER_REFUSED',
      `the token server at ${asked} refuses: ${why.slice(0, 300)}`,
    );
  } catch (thrown) {
    if (thrown instanceof PosternError) throw thrown;
    // only as long as somebody waits
    await sleep(Math.max(0, untilMs - performance.now()), undefined, { signal }).catch(() => {});
    throw new PosternError(
      'TOKEN_SERVER_UNREACHABLE',
      `no token server answers at ${asked}: is one running there, and can this machine reach it? The agent's log says what was found`,
      { cause: thrown },
    );
  }
}

/** The URL that a daemon gives has to be of the server that was meant: it could name any place. It is asked as was meant, too. */
function pageUrl(page: string, asked: string): URL {
  const url = URL.canParse(page) ? new URL(page) : undefined;
  const meant = new URL(asked);
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '') {
    url.protocol = meant.protocol;
    if (url.host === meant.host) return url;
  }
  const shown = url === undefined ? 'no URL' : `${url.protocol}//${url.host}`;
  throw new PosternError('DAEMON_REFUSED', `the daemon leads to ${shown} instead of ${meant.origin}`);
}

/** Where the page leads back to. Throws what is wrong. */
async function callbackOf(url: URL, service: string, signal: AbortSignal): Promise<string> {
  let { status, found } = await request(url, { method: 'GET' }, signal);
  if (found !== undefined && 'wantsClick' in found) {
    const body = new URLSearchParams({ ...Object.fromEntries(found.hidden), [`${service}_selected`]: '1' });
    ({ status, found } = await request(url, { method: 'POST', body }, signal));
  }
  if (found !== undefined && 'url' in found) return found.url;
  throw new Error(`it answers with status ${status} and leads nowhere`);
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
      throw new Error('it redirects to another place, which is not followed');
    }
    return { status, found };
  } catch (thrown) {
    if (limited.timedOut) throw new Error(`no answer within ${answerWithinMs / 1000} s`);
    // what fetch says lies one level deeper
    throw thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
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
