import { jetstream, StorageType } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { errorText, PosternError } from '../errors.js';
import { askJetStream } from './ask-jetstream.js';
import type { Entry, Stop, Store } from './bus.js';
import type { Connection } from './connection.js';
import { issues, parseJson } from './messaging.js';
import { isStreamMissing, storeError } from './nats-errors.js';
import { readOrdered } from './ordered.js';
import { bucketStream } from './permissions.js';
import { managerOf, storageTimeoutMs } from './streams.js';
import type { StoreDeclaration } from './subjects.js';

/** Tokens of a subject, separated by dots. */
const validKey = /^[-/=\w]+(\.[-/=\w]+)*$/;

/**
 * Opens a bucket, and makes it where it is missing. Throws `STORE_UNAVAILABLE`, and `BUS_FORBIDDEN` for others than its users
 * and readers; whatever writes throws that for readers.
 */
export async function openStore<T>(
  connection: Connection,
  declaration: StoreDeclaration<T>,
): Promise<Store<T>> {
  const { nats, metrics, log } = connection;
  const { bucket, users, readers = [], maxAgeMs } = declaration;
  const { role } = connection.identity;
  if (!users.includes(role) && !readers.includes(role)) {
    throw new PosternError('BUS_FORBIDDEN', `only ${users.join(' and ')} may use the bucket ${bucket}`);
  }
  const manager = await managerOf(nats);
  const buckets = new Kvm(jetstream(nats, { timeout: storageTimeoutMs }));
  // read from the leader: a copy may lag behind what was just written
  const options = { timeout: storageTimeoutMs, allow_direct: false };

  const ensure = async (): Promise<void> => {
    await buckets.create(bucket, {
      ...options,
      history: 1,
      max_bytes: declaration.maxBytes,
      ...(maxAgeMs === undefined ? {} : { ttl: maxAgeMs }),
      storage: StorageType.File,
      description: declaration.summary,
    });
  };
  /** Runs one operation; a bucket that has vanished is made again once. */
  const attempt = async <R>(key: string, action: () => Promise<R>): Promise<R> => {
    if (key !== '' && !validKey.test(key)) {
      throw new PosternError('STORE_INVALID', `${JSON.stringify(key)} is no key for the bucket ${bucket}`);
    }
    const once = (): Promise<R> =>
      action().catch(async (thrown: unknown) => {
        if (!isStreamMissing(thrown)) throw thrown;
        await ensure();
        return action();
      });
    try {
      return await askJetStream(connection, once);
    } catch (thrown) {
      throw storeError(thrown, bucket, key);
    }
  };

  /** Runs one operation that writes. */
  const change = async <R>(key: string, action: () => Promise<R>): Promise<R> => {
    if (!users.includes(role)) {
      throw new PosternError(
        'BUS_FORBIDDEN',
        `only ${users.join(' and ')} may write to the bucket ${bucket}`,
      );
    }
    return attempt(key, action);
  };

  const kv: KV = await attempt('', async () => {
    await ensure();
    // a copy: the library writes into it
    return buckets.open(bucket, { ...options });
  });

  const encode = (key: string, value: T): string => {
    const parsed = declaration.value.safeParse(value);
    if (parsed.success) return JSON.stringify(parsed.data);
    throw new PosternError(
      'BODY_INVALID',
      `the value for ${bucket}/${key} is not as declared: ${issues(parsed.error)}`,
    );
  };
  const decode = (key: string, bytes: Uint8Array, revision: number): Entry<T> => {
    const parsed = declaration.value.safeParse(parseJson(bytes));
    if (parsed.success) return { key, value: parsed.data, revision };
    throw new PosternError(
      'STORE_INVALID',
      `what is stored at ${bucket}/${key} is not as declared: ${issues(parsed.error)}`,
      { hint: 'another version of postern may have written it' },
    );
  };

  return {
    get: (key) =>
      attempt(key, async () => {
        const entry = await kv.get(key);
        if (entry === null || entry.operation !== 'PUT') return undefined;
        return decode(key, entry.value, entry.revision);
      }),
    create: (key, value) => change(key, async () => kv.create(key, encode(key, value))),
    update: (key, value, revision) =>
      change(key, async () => kv.update(key, encode(key, value), revision, storageTimeoutMs)),
    delete: (key, revision) =>
      change(key, () => kv.delete(key, revision === undefined ? {} : { previousSeq: revision })),

    erase: (key) => change(key, () => kv.purge(key)),
    drop: (key) =>
      change(key, async () => {
        await manager.streams.purge(bucketStream(bucket), { filter: `$KV.${bucket}.${key}` });
      }),
    count: () => attempt('', async () => (await manager.streams.info(bucketStream(bucket))).state.messages),

    watch(listener, loss) {
      const prefix = `$KV.${bucket}.`;
      /** The keys that the listener believes to be there. */
      const known = new Set<string>();
      /** While all is told again: the keys that were known and have not come yet. */
      let missing: Set<string> | undefined;
      let resolveReady: () => void = () => {};
      const ready = new Promise<void>((resolve) => {
        resolveReady = resolve;
      });
      const gone = (key: string): void => {
        if (known.delete(key)) listener(key, undefined);
      };
      const stopReading: Stop = readOrdered(
        connection,
        manager,
        { stream: bucketStream(bucket), filter: `${prefix}>`, ensure },
        {
          message({ subject, data, header, sequence }) {
            const key = subject.slice(prefix.length);
            missing?.delete(key);
            if (header('KV-Operation') !== '') {
              gone(key);
              return;
            }
            let entry: Entry<T>;
            try {
              entry = decode(key, data, sequence);
            } catch (thrown) {
              metrics.dropped('schema');
              log.warn(errorText(thrown));
              return;
            }
            known.add(key);
            listener(key, entry);
          },
          restarted() {
            missing = new Set(known);
            loss?.restarted();
          },
          caughtUp() {
            const lost = missing ?? [];
            missing = undefined;
            for (const key of lost) {
              if (loss === undefined) gone(key);
              else if (known.delete(key)) loss.lost(key);
            }
            resolveReady();
          },
        },
      );
      return {
        ready,
        stop() {
          stopReading();
          resolveReady();
        },
      };
    },
  };
}
