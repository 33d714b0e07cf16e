import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { PosternError } from '../errors.js';
import { askJetStream } from './ask-jetstream.js';
import type { Chain } from './bus.js';
import { type Connection, whileConnected } from './connection.js';
import { assertFits, encodeBody, parseJson } from './messaging.js';
import { isStreamFull, storeError } from './nats-errors.js';
import { readMessage, streamOf } from './page.js';
import { managerOf, storageTimeoutMs } from './streams.js';
import { fillSubject } from './subject-pattern.js';
import type { SubjectDeclaration } from './subjects.js';

/** Opens the chains of a subject that is kept on disk; `stored` is told the stream of each message that was stored. */
export function openChain<P extends string, T>(
  connection: Connection,
  declaration: SubjectDeclaration<P, T, unknown>,
  stored: (stream: string) => void,
): Chain<P, T> {
  const { pattern, keep } = declaration;
  const stream = streamOf(declaration);
  if (keep?.onDisk === undefined || connection.identity.role !== 'hub') {
    throw new PosternError(
      'BUS_FORBIDDEN',
      `only hubs write to ${pattern}, and only where it is kept on disk`,
    );
  }
  const manager = managerOf(connection.nats);
  let client: JetStreamClient | undefined;

  return {
    async last(params) {
      const subject = fillSubject(pattern, params);
      const found = await askJetStream(connection, async () =>
        // asked of the leader: a copy may lag behind what was just stored
        (await manager).streams.getMessage(stream, { last_by_subj: subject }),
      ).catch((thrown: unknown) => Promise.reject(storeError(thrown, stream, subject)));
      if (found === null) return { place: 0, body: undefined };
      const message = readMessage(connection, declaration, subject, parseJson(found.data));
      return { place: found.seq, body: message?.body };
    },

    async append(params, body, place) {
      const subject = fillSubject(pattern, params);
      const bytes = encodeBody(declaration, subject, body);
      assertFits(connection, subject, bytes);
      client ??= jetstream(connection.nats, { timeout: storageTimeoutMs });
      const publisher = client;
      try {
        const { seq } = await whileConnected(connection, () =>
          publisher.publish(subject, bytes, {
            expect: { lastSubjectSequence: place },
            timeout: storageTimeoutMs,
            retries: 1,
          }),
        );
        stored(stream);
        return seq;
      } catch (thrown) {
        if (isStreamFull(thrown)) {
          throw new PosternError('STORE_FULL', `the stream ${stream} has no room for ${subject}`, {
            hint: 'close runs that are over, or give NATS more room',
            cause: thrown,
          });
        }
        throw storeError(thrown, stream, subject);
      }
    },

    async fullness() {
      const { state, config } = await askJetStream(connection, async () =>
        (await manager).streams.info(stream),
      ).catch((thrown: unknown) => Promise.reject(storeError(thrown, stream, pattern)));
      const part = (taken: number, most: number) => (most > 0 ? taken / most : 0);
      return Math.max(part(state.bytes, config.max_bytes), part(state.messages, config.max_msgs));
    },
  };
}
