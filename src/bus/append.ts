import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { PosternError } from '../errors.js';
import type { Bus } from './bus.js';
import { type Connection, whileConnected } from './connection.js';
import { assertFits, encodeBody } from './messaging.js';
import { storeError } from './nats-errors.js';
import { storageTimeoutMs } from './streams.js';
import { fillSubject } from './subject-pattern.js';

/** `stored` is told the stream of each message that this process has stored. */
export function createAppend(connection: Connection, stored: (stream: string) => void): Bus['append'] {
  let client: JetStreamClient | undefined;
  return async (declaration, params, body, id) => {
    const { keep, pattern } = declaration;
    if (keep?.onDisk === undefined) {
      throw new PosternError('SUBJECT_INVALID', `${pattern} is not kept on disk: publish it`);
    }
    const subject = fillSubject(pattern, params);
    const bytes = encodeBody(declaration, subject, body);
    assertFits(connection, subject, bytes);
    client ??= jetstream(connection.nats, { timeout: storageTimeoutMs });
    const stream = client;
    try {
      await whileConnected(connection, () =>
        stream.publish(subject, bytes, { msgID: id, timeout: storageTimeoutMs, retries: 1 }),
      );
    } catch (thrown) {
      throw storeError(thrown, keep.stream, subject);
    }
    stored(keep.stream);
  };
}
