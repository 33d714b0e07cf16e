import { once } from 'node:events';
import type { DescMethod, JsonValue } from '@bufbuild/protobuf';
import { type Client, type Metadata, status } from '@grpc/grpc-js';
import { PosternError } from '../errors.js';
import { jsonMessage, type MessageText } from './codecs/message-text.js';
import type { MessageJson } from './message-json.js';
import { type CallStatus, openRawCall, type RawCall, statusOf } from './raw-call.js';

/** A call of a method that is known only by its descriptor. */
export interface DynamicCall {
  readonly client: Client;
  readonly method: DescMethod;
  readonly metadata: Metadata;
  readonly messages: MessageJson;
  /** The requests, sent as they come. A method that takes one message gets `{}` when there is none. */
  readonly requests: AsyncIterable<MessageText>;
  /** Unix time in milliseconds; Infinity: none. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** Initial metadata of the answer. */
  onHead(metadata: Metadata): void;
  /** One answer; the next one waits for it. */
  onMessage(json: JsonValue): Promise<void> | void;
}

/** `package.Service/Method`. */
export function methodName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** True when the client may send any number of messages. */
export function takesStream(method: DescMethod): boolean {
  return method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming';
}

/** True when the server may send any number of messages. */
export function givesStream(method: DescMethod): boolean {
  return method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming';
}

/**
 * Makes the call; resolves to its status, whichever it is. Rejects when a request is no message of the type, when an
 * answer cannot be read, or when `requests` or `onMessage` fail; the call is cancelled then.
 */
export async function callDynamic(options: DynamicCall): Promise<CallStatus> {
  const { client, method } = options;
  // The first request is read before the call is opened, so that a typing error costs no call.
  const requests = options.requests[Symbol.asyncIterator]();
  let first: IteratorResult<MessageText> | undefined;
  if (!takesStream(method)) {
    first = await requests.next();
    if (first.done === true) first = { done: false, value: jsonMessage({}) };
  }
  const firstBytes = first === undefined ? undefined : await encoded(options, first.value);
  if (firstBytes !== undefined && (await requests.next()).done !== true) {
    throw new PosternError('TOO_MANY_MESSAGES', `${methodName(method)} takes one message, more were given`, {
      exitCode: 2,
    });
  }

  const call = openRawCall(client, `/${methodName(method)}`, options.metadata, options.deadlineMs);
  const ended = statusOf(call);
  const stop = (): void => call.cancel();
  options.signal.addEventListener('abort', stop, { once: true });
  if (options.signal.aborted) stop();
  call.once('metadata', options.onHead);
  const over = new AbortController();
  void ended.then(() => over.abort());
  try {
    const sent = sendAll(call, { requests, firstBytes, options, over: over.signal });
    const received = receiveAll(call, options);
    // A request that cannot be sent ends the call at once; answers that came in are told all the same.
    const [count] = await Promise.all([received, sent]);
    const end = await ended;
    if (end.code === status.OK && count === 0 && !givesStream(method)) {
      return { ...end, code: status.INTERNAL, details: 'the server sent no message' };
    }
    return end;
  } catch (thrown) {
    call.cancel();
    throw thrown;
  } finally {
    options.signal.removeEventListener('abort', stop);
  }
}

/** The bytes of a request. Throws `MESSAGE_INVALID`. */
async function encoded({ messages, method }: DynamicCall, request: MessageText): Promise<Uint8Array> {
  const json = await request.json(method.input, (name) => messages.typeNamed(name));
  return messages.encode(method.input, json, request);
}

async function sendAll(
  call: RawCall,
  from: {
    requests: AsyncIterator<MessageText>;
    firstBytes: Uint8Array | undefined;
    options: DynamicCall;
    over: AbortSignal;
  },
): Promise<void> {
  const { requests, firstBytes, options, over } = from;
  if (firstBytes !== undefined) {
    call.write(firstBytes);
    call.end();
    return;
  }
  const stopped = new Promise<undefined>((resolve) => {
    over.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  for (;;) {
    // Standard input may never end; the call may.
    const next = await Promise.race([requests.next(), stopped]);
    if (next === undefined) return;
    if (next.done === true) break;
    const bytes = await encoded(options, next.value);
    if (over.aborted) return;
    if (!call.write(bytes))
      await Promise.race([once(call, 'drain', { signal: over }).catch(() => {}), stopped]);
  }
  call.end();
}

/** Resolves to how many messages came. */
async function receiveAll(call: RawCall, options: DynamicCall): Promise<number> {
  let count = 0;
  try {
    for await (const bytes of call) {
      count += 1;
      await options.onMessage(await options.messages.decode(options.method.output, bytes));
    }
  } catch (thrown) {
    // A status that is not OK ends the stream with an error too; the status tells it.
    if (!isStatusError(thrown)) throw thrown;
  }
  return count;
}

function isStatusError(thrown: unknown): boolean {
  return (
    thrown instanceof Error && !(thrown instanceof PosternError) && 'code' in thrown && 'details' in thrown
  );
}
