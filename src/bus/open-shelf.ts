import {
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { headers, type MsgHdrs } from 'nats';
import { PosternError } from '../errors.js';
import { askJetStream } from './ask-jetstream.js';
import { type Connection, whileConnected } from './connection.js';
import { assertFits } from './messaging.js';
import { isStreamMissing, storeError } from './nats-errors.js';
import { readOrdered } from './ordered.js';
import { type PiecesEnd, type Shelf, type ShelfEntry, shelfBucket, shelfStream } from './shelf.js';
import { entryOf, nameOf, objectOf, objectSubject } from './shelf-objects.js';
import { managerOf, storageTimeoutMs } from './streams.js';

const piecesOf = (id: string): string => `$O.${shelfBucket}.C.${id}`;
const allObjects = `$O.${shelfBucket}.M.>`;
/** What stands at each piece: where it begins, and how many were before it. */
const [offsetHeader, numberHeader] = ['Postern-Offset', 'Postern-Piece'];

/** Opens the shelf; its stream is made when something is stored for the first time. Throws `BUS_FORBIDDEN` for others than hubs. */
export function openShelf(connection: Connection): Shelf {
  if (connection.identity.role !== 'hub') {
    throw new PosternError('BUS_FORBIDDEN', 'only hubs use the shelf of files');
  }
  const manager = managerOf(connection.nats);
  let client: JetStreamClient | undefined;

  /** Asks JetStream something; a stream that is missing is made, and it is asked again. */
  const attempt = async <T>(what: string, ask: (manager: JetStreamManager) => Promise<T>): Promise<T> => {
    const jsm = await manager;
    const once = () =>
      ask(jsm).catch(async (thrown: unknown) => {
        if (!isStreamMissing(thrown)) throw thrown;
        await makeStream(jsm);
        return ask(jsm);
      });
    try {
      return await askJetStream(connection, once);
    } catch (thrown) {
      throw storeError(thrown, shelfBucket, what);
    }
  };
  const store = async (
    subject: string,
    bytes: Uint8Array | string,
    lastSubjectSequence: number,
    fields: MsgHdrs,
  ): Promise<number> => {
    client ??= jetstream(connection.nats, { timeout: storageTimeoutMs });
    const publisher = client;
    try {
      const { seq } = await whileConnected(connection, () =>
        publisher.publish(subject, bytes, {
          headers: fields,
          expect: { lastSubjectSequence },
          timeout: storageTimeoutMs,
          retries: 1,
        }),
      );
      return seq;
    } catch (thrown) {
      throw storeError(thrown, shelfBucket, subject);
    }
  };
  const last = (subject: string) =>
    // asked of the leader: a copy may lag behind what was just stored
    attempt(subject, (jsm) => jsm.streams.getMessage(shelfStream, { last_by_subj: subject }));

  return {
    watch(listener) {
      const known = new Set<string>();
      let missing: Set<string> | undefined;
      let resolveReady: () => void = () => {};
      const ready = new Promise<void>((resolve) => {
        resolveReady = resolve;
      });
      const begin = manager.then((jsm) =>
        readOrdered(
          connection,
          jsm,
          { stream: shelfStream, filter: allObjects, ensure: () => makeStream(jsm) },
          {
            message({ subject, data }) {
              const name = nameOf(subject);
              const entry = entryOf(data);
              if (name === undefined || entry === undefined) return;
              missing?.delete(name);
              known.add(name);
              listener(name, entry);
            },
            restarted() {
              missing = new Set(known);
            },
            caughtUp() {
              for (const name of missing ?? []) {
                known.delete(name);
                listener(name, undefined);
              }
              missing = undefined;
              resolveReady();
            },
          },
        ),
      );
      return {
        ready,
        stop: () => {
          void begin.then((stop) => stop());
          resolveReady();
        },
      };
    },

    async entry(name) {
      const found = await last(objectSubject(name));
      return found === null
        ? { entry: undefined, revision: 0 }
        : { entry: entryOf(found.data), revision: found.seq };
    },

    async put(name, entry: ShelfEntry, revision) {
      const fields = headers();
      fields.set('Nats-Rollup', 'sub');
      await store(objectSubject(name), JSON.stringify(objectOf(name, entry)), revision, fields);
    },

    async end(id): Promise<PiecesEnd> {
      const found = await last(piecesOf(id));
      if (found === null) return { place: 0, bytes: 0, pieces: 0 };
      const offset = Number(found.header.get(offsetHeader));
      const number = Number(found.header.get(numberHeader));
      return { place: found.seq, bytes: offset + found.data.length, pieces: number + 1 };
    },

    async append(id, { place, bytes: offset, pieces }, bytes) {
      const subject = piecesOf(id);
      assertFits(connection, subject, bytes);
      const fields = headers();
      fields.set(offsetHeader, String(offset));
      fields.set(numberHeader, String(pieces));
      const stored = await store(subject, bytes, place, fields);
      return { place: stored, bytes: offset + bytes.length, pieces: pieces + 1 };
    },

    async *read(id, from, size) {
      const subject = piecesOf(id);
      let seq = await placeAt(subject, from);
      for (let at = from; at < size; ) {
        const next = seq;
        const found = await attempt(subject, (jsm) =>
          jsm.direct.getMessage(shelfStream, { seq: next, next_by_subj: subject }),
        );
        const offset = Number(found?.header.get(offsetHeader));
        if (found === null || offset > at || offset + found.data.length <= at) {
          throw new PosternError('STORE_LOST', `the bus has lost a piece of this file: ${size - at} bytes`);
        }
        yield found.data.subarray(at - offset, size - offset);
        at = offset + found.data.length;
        seq = found.seq + 1;
      }
    },

    async dropPieces(id) {
      await attempt(id, (jsm) => jsm.streams.purge(shelfStream, { filter: piecesOf(id) }));
    },

    async pieceIds() {
      const info = await attempt('', (jsm) =>
        jsm.streams.info(shelfStream, { subjects_filter: piecesOf('*') }),
      );
      return Object.keys(info.state.subjects ?? {}).map((subject) => subject.slice(piecesOf('').length));
    },

    async forget(name) {
      await attempt(name, (jsm) => jsm.streams.purge(shelfStream, { filter: objectSubject(name) }));
    },
  };

  /** A place of the stream from which on the piece with that byte is the next one, by halving. */
  async function placeAt(subject: string, byte: number): Promise<number> {
    if (byte === 0) return 1;
    let [low, high] = [1, (await last(subject))?.seq ?? 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const found = await attempt(subject, (jsm) =>
        jsm.direct.getMessage(shelfStream, { seq: middle, next_by_subj: subject }),
      );
      if (found !== null && Number(found.header.get(offsetHeader)) <= byte) low = found.seq;
      else high = middle - 1;
    }
    return low;
  }
}

/** As clients of object stores make it. It has no limit of its own: hubs count what is in it. */
async function makeStream(manager: JetStreamManager): Promise<void> {
  const isThere = await manager.streams.info(shelfStream).then(
    () => true,
    (thrown: unknown) => (isStreamMissing(thrown) ? false : Promise.reject(thrown)),
  );
  if (isThere) return;
  await manager.streams.add({
    name: shelfStream,
    description: 'Log files that agents have brought',
    subjects: [`$O.${shelfBucket}.C.>`, allObjects],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    allow_rollup_hdrs: true,
    allow_direct: true,
    num_replicas: 1,
  });
}
