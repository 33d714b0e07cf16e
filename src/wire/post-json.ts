import { type IncomingMessage, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { z } from 'zod';
import { PosternError } from '../errors.js';
import { joinAborts } from '../joined-abort.js';
import { type Outbound, type OutboundOptions, outbound } from './outbound.js';
import { hubUnreachable } from './unreachable.js';

/** Longest answer that is read, in bytes. */
const maxAnswerBytes = 65_536;

const refusal = z.object({ code: z.string().min(1).max(64), message: z.string().max(1024) });

/** A question to a hub's front door. */
export interface JsonQuestion<T> {
  readonly url: URL;
  readonly body: unknown;
  readonly schema: z.ZodType<T>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Proxy and whom to trust; default: as the environment says. */
  readonly outbound?: OutboundOptions;
}

/** An answer as it came. */
interface Answer {
  readonly status: number;
  readonly text: string;
  readonly date: string | undefined;
}

/**
 * Posts JSON to a hub's front door and reads a JSON answer.
 *
 * Throws `PosternError`: the answer's own code and message where the hub refused, `HUB_UNREACHABLE` where nobody
 * answered, `HUB_TIMEOUT` after `timeoutMs`, `HUB_ANSWER_INVALID` where what answered is no hub, `PROXY_REFUSED` or
 * `PROXY_INVALID` for the proxy's sake.
 */
export async function postJson<T>(question: JsonQuestion<T>): Promise<{
  body: T;
  /** The hub's clock, Unix time in milliseconds; ours where it did not tell. */
  dateMs: number;
}> {
  const { url, schema, timeoutMs } = question;
  const way = outbound(url, question.outbound ?? {});
  const over = joinAborts([question.signal], timeoutMs);
  over.signal.addEventListener('abort', way.giveUp);
  let answer: Answer;
  try {
    answer = await send(question, way, over.signal);
  } catch (thrown) {
    if (thrown instanceof PosternError) throw thrown;
    if (over.timedOut) {
      throw new PosternError('HUB_TIMEOUT', `the hub at ${url.origin} did not answer within ${timeoutMs} ms`);
    }
    const through = way.proxy === '' ? '' : ` through the proxy at ${way.proxy}`;
    throw hubUnreachable(`the hub at ${url.origin}${through}`, thrown, 'https://HOST or http://HOST:PORT');
  } finally {
    over.release();
  }
  const refused = way.refusal();
  if (refused !== undefined) throw refused;
  const json = parsed(answer.text);
  if (answer.status === 200) {
    const read = schema.safeParse(json);
    const dateMs = Date.parse(answer.date ?? '');
    if (read.success) return { body: read.data, dateMs: Number.isNaN(dateMs) ? Date.now() : dateMs };
  } else {
    const refusedByHub = refusal.safeParse(json);
    if (refusedByHub.success) throw new PosternError(refusedByHub.data.code, refusedByHub.data.message);
  }
  throw noHub(url, `HTTP ${answer.status} with an answer that is not a hub's`);
}

async function send(
  { url, body }: JsonQuestion<unknown>,
  way: Outbound,
  signal: AbortSignal,
): Promise<Answer> {
  const text = JSON.stringify(body);
  const ask = url.protocol === 'https:' ? requestTls : request;
  const asked = ask(url, {
    ...way.request,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    signal,
  });
  asked.end(text);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.on('response', resolve);
    // Stays on: it may fail again while the answer is read, which the reader is told too.
    asked.on('error', reject);
  });
  try {
    const { statusCode = 0, headers } = response;
    return { status: statusCode, text: await readBounded(response, url), date: headers.date };
  } finally {
    response.destroy();
  }
}

async function readBounded(response: IncomingMessage, url: URL): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw noHub(url, `an answer of more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
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
