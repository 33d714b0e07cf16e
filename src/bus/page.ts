import { PosternError } from '../errors.js';
import type { BusMessage, KeptMessages, KeptRange } from './bus.js';
import type { Connection } from './connection.js';
import type { ReadKept } from './kept.js';
import { issues } from './messaging.js';
import { filterSubject, parseSubject } from './subject-pattern.js';
import type { SubjectDeclaration } from './subjects.js';

/** What a kept message says; undefined where that does not fit, which is counted and logged. */
export function readMessage<P extends string, T>(
  { log, metrics }: Pick<Connection, 'log' | 'metrics'>,
  declaration: SubjectDeclaration<P, T, unknown>,
  subject: string,
  json: unknown,
): BusMessage<P, T> | undefined {
  const { body: schema } = declaration;
  if (schema === 'frames') return undefined;
  const parsed = schema.safeParse(json);
  const params = parseSubject(declaration, subject);
  if (parsed.success && params !== undefined) return { params, body: parsed.data };
  metrics.dropped('schema');
  log.warn({ subject }, `dropped a kept message: ${parsed.success ? 'its subject' : issues(parsed.error)}`);
  return undefined;
}

/** The stream of a kept subject. Throws `SUBJECT_INVALID` where it is not kept. */
export function streamOf({
  keep,
  body,
  pattern,
}: Pick<SubjectDeclaration<string, unknown, unknown>, 'keep' | 'body' | 'pattern'>): string {
  if (keep !== undefined && body !== 'frames') return keep.stream;
  throw new PosternError('SUBJECT_INVALID', `${pattern} is not kept: subscribe to it`);
}

/** Some kept messages of a subject. */
export async function readPage<P extends string, T>(
  connection: Pick<Connection, 'log' | 'metrics'>,
  read: ReadKept,
  declaration: SubjectDeclaration<P, T, unknown>,
  params: Partial<Record<P, string>>,
  range: KeptRange,
): Promise<KeptMessages<P, T>> {
  const stream = streamOf(declaration);
  const filter = filterSubject(declaration.pattern, params);
  const page = await read({ stream, filter, ...range });
  const messages = page.messages.flatMap(({ subject, place, body }) => {
    const message = readMessage(connection, declaration, subject, body);
    return message === undefined ? [] : [{ ...message, place }];
  });
  const { created, more, first = 0, firstMs = 0, lastMs = 0 } = page;
  const end = page.end ?? page.messages.at(-1)?.place ?? range.after;
  return { created, more, first, last: page.last ?? end, firstMs, lastMs, messages, end };
}
