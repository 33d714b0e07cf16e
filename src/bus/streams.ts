import { setTimeout as sleep } from 'node:timers/promises';
import {
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from 'nats';
import { errorText, PosternError } from '../errors.js';
import { askJetStream } from './ask-jetstream.js';
import type { Stop } from './bus.js';
import type { Connection } from './connection.js';
import { isStreamMissing } from './nats-errors.js';
import { declaredSubjects } from './permissions.js';
import { createRetry } from './retry.js';
import { filterSubject } from './subject-pattern.js';
import type { Keep, SubjectDeclaration } from './subjects.js';

/** How long JetStream may take to answer one question. */
export const storageTimeoutMs = 5000;

/** The management API of JetStream; says nothing to the server by itself. */
export function managerOf(nats: NatsConnection, timeoutMs = storageTimeoutMs): Promise<JetStreamManager> {
  return jetstreamManager(nats, { checkAPI: false, timeout: timeoutMs });
}

/** A stream that keeps declared subjects. */
export interface KeptStream extends Omit<Keep, 'stream'> {
  readonly name: string;
  readonly subjects: readonly string[];
}

/** The streams of all declared subjects that are kept. */
export function keptStreams(
  declarations: readonly SubjectDeclaration<string, unknown, unknown>[] = declaredSubjects,
): KeptStream[] {
  const byName = new Map<string, KeptStream>();
  for (const { keep, pattern } of declarations) {
    if (keep === undefined) continue;
    const subjects = [...(byName.get(keep.stream)?.subjects ?? []), filterSubject(pattern)];
    const { stream: name, ...limits } = keep;
    byName.set(name, { name, subjects, ...limits });
  }
  return [...byName.values()];
}

/**
 * Makes a stream, or gives one that is there our limits. One that an earlier version has made in memory stays there, as no
 * stream can be moved; it ends with the server, and is made on disk then.
 */
async function ensureStream(manager: JetStreamManager, stream: KeptStream): Promise<void> {
  const config = {
    name: stream.name,
    subjects: [...stream.subjects],
    max_msgs_per_subject: stream.perSubject ?? -1,
    max_msgs: stream.onDisk?.maxMessages ?? -1,
    max_age: nanos(stream.onDisk?.maxAgeMs ?? stream.maxAgeMs ?? 0),
    max_bytes: stream.maxBytes,
    discard: stream.onDisk?.whenFull === 'refuse' ? DiscardPolicy.New : DiscardPolicy.Old,
    allow_direct: true,
    // an acknowledgement goes wherever the publisher says, even where it may not publish itself; hubs may say so
    no_ack: stream.onDisk === undefined,
    ...(stream.lasting === undefined ? {} : { duplicate_window: nanos(stream.lasting.onceWithinMs) }),
  } satisfies Partial<StreamConfig>;
  try {
    const { config: present } = await manager.streams.info(stream.name);
    const same =
      present.max_msgs_per_subject === config.max_msgs_per_subject &&
      present.max_msgs === config.max_msgs &&
      present.max_age === config.max_age &&
      present.max_bytes === config.max_bytes &&
      present.discard === config.discard &&
      present.allow_direct === true &&
      (present.no_ack ?? false) === config.no_ack &&
      (config.duplicate_window === undefined || present.duplicate_window === config.duplicate_window) &&
      JSON.stringify(present.subjects) === JSON.stringify(config.subjects);
    if (!same) await manager.streams.update(stream.name, config);
  } catch (thrown) {
    if (!isStreamMissing(thrown)) throw thrown;
    const isInMemory = stream.onDisk === undefined && stream.lasting === undefined;
    await manager.streams.add({
      ...config,
      storage: isInMemory ? StorageType.Memory : StorageType.File,
      retention: RetentionPolicy.Limits,
      num_replicas: 1,
    });
  }
}

/**
 * Makes all kept streams, and makes them again whenever the server has come back: streams in memory do not outlive it,
 * and one on disk may be gone with its files.
 * Resolves when they are there; throws `BUS_NO_JETSTREAM` when that takes longer than `timeoutMs`.
 */
export async function keepStreams(connection: Connection, timeoutMs: number): Promise<Stop> {
  // a server without JetStream may answer nothing at all
  const manager = await managerOf(connection.nats, timeoutMs);
  const ensureAll = async (): Promise<void> => {
    for (const stream of keptStreams()) await ensureStream(manager, stream);
  };
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const failure = await ensureAll().then(
      () => undefined,
      (thrown: unknown) => new Error(errorText(thrown), { cause: thrown }),
    );
    if (failure === undefined) break;
    if (Date.now() > deadline || connection.nats.isClosed()) {
      throw new PosternError(
        'BUS_NO_JETSTREAM',
        `JetStream of the NATS server does not work for us: ${failure.message}`,
        {
          hint: "start nats-server with JetStream on: 'postern init' writes a configuration that has it",
          cause: failure,
        },
      );
    }
    // a server that has just started answers before its JetStream does
    await sleep(200);
  }

  const retry = createRetry(100, 5000);
  const again = (): void => {
    if (!connection.connected) return;
    askJetStream(connection, ensureAll).then(
      () => retry.succeeded(),
      (thrown: unknown) => {
        connection.log.warn(`cannot make the streams of kept messages yet: ${errorText(thrown)}`);
        retry.later(again);
      },
    );
  };
  const unhear = connection.onStatus(({ type }) => {
    if (type === 'reconnected') again();
    else retry.cancel();
  });
  return () => {
    unhear();
    retry.cancel();
  };
}
