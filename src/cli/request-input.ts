import { createReadStream } from 'node:fs';
import type { JsonValue } from '@bufbuild/protobuf';
import { JsonValueReader } from '../client/json-values.js';
import { errorText, PosternError } from '../errors.js';

/**
 * The requests that `-d` names: JSON values one after another in the text itself, on standard input (`@`) or in a file
 * (`@FILE`), given out as they arrive. Without `-d` there are none.
 */
export async function* requestsFrom(
  message: string | undefined,
  stdin: NodeJS.ReadableStream,
): AsyncGenerator<JsonValue> {
  if (message === undefined) return;
  if (!message.startsWith('@')) {
    const reader = new JsonValueReader('-d');
    yield* reader.push(message);
    yield* reader.end();
    return;
  }
  const file = message.slice(1);
  const reader = new JsonValueReader(file === '' ? 'standard input' : file);
  try {
    const chunks = file === '' ? stdin.setEncoding('utf8') : createReadStream(file, 'utf8');
    for await (const chunk of chunks) yield* reader.push(String(chunk));
  } catch (thrown) {
    if (thrown instanceof PosternError) throw thrown;
    throw new PosternError('MESSAGE_UNREADABLE', `cannot read -d ${message}: ${errorText(thrown)}`, {
      exitCode: 2,
    });
  }
  yield* reader.end();
}
