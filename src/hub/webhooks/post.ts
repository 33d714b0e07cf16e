import { type IncomingMessage, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { PosternError } from '../../errors.js';
import { joinAborts } from '../../joined-abort.js';
import { outbound } from '../../wire/outbound.js';

/** What became of one attempt. */
export interface Posted {
  readonly status: number;
  /** How long the receiver wants to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Posts JSON, through a proxy where the environment names one; redirects are not followed, and the body of the answer is
 * not read. Throws what the connection throws, and `WEBHOOK_TIMEOUT`.
 */
export async function postEvent(options: {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly ca: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}): Promise<Posted> {
  const { url, headers, body, ca, timeoutMs, signal } = options;
  const way = outbound(url, ca === undefined ? {} : { ca });
  const over = joinAborts([signal], timeoutMs);
  over.signal.addEventListener('abort', way.giveUp);
  try {
    const ask = url.protocol === 'https:' ? requestTls : request;
    const asked = ask(url, {
      ...way.request,
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
      signal: over.signal,
    });
    asked.end(body);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      asked.on('response', resolve);
      // Stays on: it may fail again after the answer.
      asked.on('error', reject);
    });
    answer.on('error', () => {}).destroy();
    const refusal = way.refusal();
    if (refusal !== undefined) throw refusal;
    return { status: answer.statusCode ?? 0, retryAfterMs: retryAfterMs(answer.headers['retry-after']) };
  } catch (thrown) {
    if (!over.timedOut) throw way.refusal() ?? thrown;
    throw new PosternError('WEBHOOK_TIMEOUT', `no answer within ${timeoutMs} ms`, { cause: thrown });
  } finally {
    over.release();
  }
}

/** RFC 9110 §10.2.3, the form in seconds. */
function retryAfterMs(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined;
}
