import { z } from 'zod';
import { errorText, PosternError } from '../errors.js';

/** Longest answer that is read, in bytes. */
const maxAnswerBytes = 65_536;

const refusal = z.object({ code: z.string().min(1).max(64), message: z.string().max(1024) });

/**
 * Posts JSON to a hub's front door and reads a JSON answer.
 *
 * Throws `PosternError`: the answer's own code and message where the hub refused, `HUB_UNREACHABLE` where nobody
 * answered, `HUB_TIMEOUT` after `timeoutMs`, `HUB_ANSWER_INVALID` where what answered is no hub.
 */
export async function postJson<T>(options: {
  url: URL;
  body: unknown;
  schema: z.ZodType<T>;
  timeoutMs: number;
  signal: AbortSignal;
}): Promise<{
  body: T;
  /** The hub's clock, Unix time in milliseconds; ours where it did not tell. */
  dateMs: number;
}> {
  const { url, schema, timeoutMs } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  let status: number;
  let text: string;
  let dateMs: number;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(options.body),
      redirect: 'error',
      signal: AbortSignal.any([options.signal, timeout]),
    });
    status = response.status;
    dateMs = Date.parse(response.headers.get('date') ?? '');
    text = await readBounded(response, url);
  } catch (thrown) {
    if (thrown instanceof PosternError) throw thrown;
    if (timeout.aborted) {
      throw new PosternError('HUB_TIMEOUT', `the hub at ${url.origin} did not answer within ${timeoutMs} ms`);
    }
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    throw new PosternError('HUB_UNREACHABLE', `cannot reach the hub at ${url.origin}: ${errorText(cause)}`, {
      hint: 'check that the hub runs and that its address is right: --hub http://HOST:PORT',
      cause: thrown,
    });
  }
  const json = parsed(text);
  if (status === 200) {
    const answer = schema.safeParse(json);
    if (answer.success) {
      return { body: answer.data, dateMs: Number.isNaN(dateMs) ? Date.now() : dateMs };
    }
  } else {
    const refused = refusal.safeParse(json);
    if (refused.success) throw new PosternError(refused.data.code, refused.data.message);
  }
  throw noHub(url, `HTTP ${status} with an answer that is not a hub's`);
}

async function readBounded(response: Response, url: URL): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) throw noHub(url, `an answer of more than ${maxAnswerBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function noHub(url: URL, got: string): PosternError {
  return new PosternError('HUB_ANSWER_INVALID', `what answers at ${url.origin} is no hub: ${got}`, {
    hint: 'check the address: --hub http://HOST:PORT',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
