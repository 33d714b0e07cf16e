import { headers, type Msg, type MsgHdrs } from 'nats';
import { PosternError } from '../errors.js';
import { mayBeAnswered } from './answerable.js';
import type { Bus, BusMessage, Stop } from './bus.js';
import { type Connection, listen, whileConnected } from './connection.js';
import { requestError } from './nats-errors.js';
import { fillSubject, filterSubject, parseSubject } from './subject-pattern.js';
import type { SubjectDeclaration } from './subjects.js';

/** Publish, subscribe, request and respond: core NATS with declared subjects and validated bodies. */
export type Messaging = Pick<Bus, 'publish' | 'subscribe' | 'request' | 'respond'>;

/** `published` is told the stream of each kept message that this process has published. */
export function createMessaging(connection: Connection, published: (stream: string) => void): Messaging {
  const { nats, metrics, log } = connection;

  function publish<P extends string, T>(
    declaration: SubjectDeclaration<P, T, unknown>,
    params: Record<P, string>,
    body: T,
    { id }: { id?: string } = {},
  ): void {
    const subject = fillSubject(declaration.pattern, params);
    const bytes = encodeBody(declaration, subject, body);
    if (!connection.connected) {
      metrics.dropped('disconnected');
      return;
    }
    assertFits(connection, subject, bytes);
    nats.publish(subject, bytes, id === undefined ? undefined : { headers: idHeaders(id) });
    if (declaration.keep !== undefined) published(declaration.keep.stream);
  }

  function read<P extends string, T, R>(
    declaration: SubjectDeclaration<P, T, R>,
    message: Msg,
  ): BusMessage<P, T> | undefined {
    const decoded = decodeMessage(declaration, message.subject, message.data);
    if (decoded instanceof Error) {
      metrics.dropped('schema');
      // Whose message it is, so that the lines of one node leave room for those of others.
      const params: Readonly<Record<string, string>> = parseSubject(declaration, message.subject) ?? {};
      log.warn({ subject: message.subject, node: params.node, reason: decoded.message }, 'dropped a message');
      return undefined;
    }
    return decoded;
  }

  function subscribe<P extends string, T>(
    declaration: SubjectDeclaration<P, T, unknown>,
    params: Partial<Record<P, string>>,
    handler: (message: BusMessage<P, T>) => void,
    options: { queue?: string } = {},
  ): Stop {
    return listen(
      connection,
      filterSubject(declaration.pattern, params),
      (message) => {
        const decoded = read(declaration, message);
        return decoded === undefined ? undefined : handler(decoded);
      },
      options.queue,
    );
  }

  async function request<P extends string, T, R>(
    declaration: SubjectDeclaration<P, T, R>,
    params: Record<P, string>,
    body: T,
    { timeoutMs }: { timeoutMs: number },
  ): Promise<R> {
    const subject = fillSubject(declaration.pattern, params);
    const bytes = encodeBody(declaration, subject, body);
    const { answer } = declaration;
    if (answer === undefined) {
      throw new PosternError('SUBJECT_INVALID', `${declaration.pattern} is no request`);
    }
    assertFits(connection, subject, bytes);
    const ask = (): Promise<Msg> => nats.request(subject, bytes, { timeout: timeoutMs });
    const reply = await whileConnected(connection, ask).catch((thrown: unknown) =>
      Promise.reject(requestError(thrown, subject, timeoutMs)),
    );
    const parsed = answer.safeParse(parseJson(reply.data));
    if (parsed.success) return parsed.data;
    throw new PosternError(
      'ANSWER_INVALID',
      `the answer on ${subject} is not as declared: ${issues(parsed.error)}`,
      { hint: 'the other side may be of another version of postern' },
    );
  }

  function respond<P extends string, T, R>(
    declaration: SubjectDeclaration<P, T, R>,
    params: Partial<Record<P, string>>,
    handler: (message: BusMessage<P, T>) => R | Promise<R>,
    options: { queue?: string } = {},
  ): Stop {
    return listen(
      connection,
      filterSubject(declaration.pattern, params),
      async (message) => {
        const { reply } = message;
        const decoded = read(declaration, message);
        if (decoded === undefined) return;
        if (reply === undefined || !mayBeAnswered(declaration, decoded.params, reply)) {
          metrics.dropped('reply');
          log.warn({ subject: message.subject }, 'dropped a request: the asker may not be answered there');
          return;
        }
        const answer = await handler(decoded);
        if (connection.connected) nats.publish(reply, JSON.stringify(declaration.answer?.parse(answer)));
      },
      options.queue,
    );
  }

  return { publish, subscribe, request, respond };
}

/** By which a stream knows what it has already. */
function idHeaders(id: string): MsgHdrs {
  const made = headers();
  made.set('Nats-Msg-Id', id);
  return made;
}

/** Throws `BODY_INVALID` when the body does not fit its schema. */
export function encodeBody<P extends string, T, R>(
  declaration: SubjectDeclaration<P, T, R>,
  subject: string,
  body: T,
): Uint8Array {
  if (declaration.body === 'frames') {
    if (body instanceof Uint8Array) return body;
    throw new PosternError('BODY_INVALID', `the body for ${subject} must be bytes`);
  }
  const parsed = declaration.body.safeParse(body);
  if (parsed.success) return encoder.encode(JSON.stringify(parsed.data));
  throw new PosternError(
    'BODY_INVALID',
    `the body for ${subject} is not as declared: ${issues(parsed.error)}`,
  );
}

/** The message that the bytes hold, or what is wrong with them. */
function decodeMessage<P extends string, T, R>(
  declaration: SubjectDeclaration<P, T, R>,
  subject: string,
  bytes: Uint8Array,
): BusMessage<P, T> | Error {
  const params = parseSubject(declaration, subject);
  if (params === undefined) return new Error(`${subject} is not ${declaration.pattern}`);
  if (declaration.body === 'frames') return new Error('frames go through joinCalls');
  const parsed = declaration.body.safeParse(parseJson(bytes));
  return parsed.success ? { params, body: parsed.data } : new Error(issues(parsed.error));
}

/** Throws `BODY_TOO_LARGE` when the server would not take the message. */
export function assertFits(connection: Connection, subject: string, bytes: Uint8Array): void {
  if (bytes.length <= connection.maxPayloadBytes) return;
  throw new PosternError(
    'BODY_TOO_LARGE',
    `the body for ${subject} has ${bytes.length} bytes; the bus takes ${connection.maxPayloadBytes}`,
  );
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** JSON may nest so deeply; nothing of ours comes near it. */
const deepest = 64;

/** Undefined for what is no JSON, or nests so deeply that it could not be written again: no schema takes that. */
export function parseJson(bytes: Uint8Array): unknown {
  if (nestsDeeper(bytes, deepest)) return undefined;
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

/** Whether arrays and objects lie in each other more than `most` deep. */
function nestsDeeper(json: Uint8Array, most: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (quoted) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) quoted = false;
    } else if (byte === 0x22) quoted = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > most) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
}

/** What zod found, in one line without the values. */
export function issues(error: { issues: readonly { path: PropertyKey[]; message: string }[] }): string {
  return error.issues
    .slice(0, 4)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`))
    .join('; ');
}
