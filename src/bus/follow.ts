import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { errorText, PosternError } from '../errors.js';
import type { BusMessage, Stop } from './bus.js';
import { type Connection, listen } from './connection.js';
import { decodeMessage } from './messaging.js';
import { managerOf } from './streams.js';
import { filterSubject } from './subject-pattern.js';
import type { SubjectDeclaration } from './subjects.js';

/** Asked by itself this often, in case that a live message went past us. */
const pollMs = 5000;
/** A live message may arrive before the stream has stored it: looked for again after these waits. */
const storeLagMs = [2, 10, 50, 250];
/** The wait after a failure, and the longest of those that follow it. */
const [firstRetryMs, lastRetryMs] = [100, 5000];

/** What `follow` gives back, and a way to say that there may be something new. */
export interface Following {
  readonly live: Promise<void>;
  readonly stop: Stop;
  /** The stream that is read. */
  readonly stream: string;
  nudge(): void;
}

/**
 * Reads a kept subject by asking the stream for the next message behind the last, one at a time, whenever a live
 * message (or a reconnect, or time) says that there may be one. Slower than a consumer, but nobody needs the right to
 * make one: see permissions.ts. At most one message is on its way, and the stream's numbers rule out doubles.
 */
export function follow<P extends string, T>(
  connection: Connection,
  declaration: SubjectDeclaration<P, T, unknown>,
  params: Partial<Record<P, string>>,
  handler: (message: BusMessage<P, T>) => void,
): Following {
  const { nats, log, metrics } = connection;
  const { keep } = declaration;
  if (keep === undefined) {
    throw new PosternError('SUBJECT_INVALID', `${declaration.pattern} is not kept: subscribe to it`);
  }
  const filter = filterSubject(declaration.pattern, params);
  const ended = new AbortController();
  let resolveLive: () => void = () => {};
  const live = new Promise<void>((resolve) => {
    resolveLive = resolve;
  });
  let created: string | undefined;
  let lastSequence = 0;
  /** Raised by every nudge, so that a round knows whether another came meanwhile. */
  let nudges = 0;
  /** A live message told that there is something new. */
  let expected = false;
  let running = false;
  let identityDoubted = true;

  const deliver = (stored: StoredMsg): void => {
    const decoded = decodeMessage(declaration, stored.subject, stored.data);
    if (decoded instanceof Error) {
      metrics.dropped('schema');
      log.warn({ subject: stored.subject }, `dropped a kept message: ${decoded.message}`);
      return;
    }
    try {
      handler(decoded);
    } catch (thrown) {
      metrics.handlerFailed();
      log.error({ subject: stored.subject, err: thrown }, `a handler failed: ${errorText(thrown)}`);
    }
  };

  /** Starts from the beginning when the stream is another one than before, as after a restart of the server. */
  const checkIdentity = async (manager: JetStreamManager): Promise<void> => {
    const info = await manager.streams.info(keep.stream);
    if (created !== info.created || info.state.last_seq < lastSequence) lastSequence = 0;
    created = info.created;
    identityDoubted = false;
  };

  /** Gives out all that is new; resolves to whether there was anything. */
  const readAll = async (manager: JetStreamManager): Promise<boolean> => {
    let any = false;
    while (!ended.signal.aborted) {
      const query = { seq: lastSequence + 1, next_by_subj: filter };
      const stored = await manager.direct.getMessage(keep.stream, query);
      if (stored === null || ended.signal.aborted) return any;
      any = true;
      lastSequence = stored.seq;
      deliver(stored);
    }
    return any;
  };

  const round = async (manager: JetStreamManager): Promise<void> => {
    if (identityDoubted) await checkIdentity(manager);
    const waits = expected ? storeLagMs : [];
    expected = false;
    const seen = nudges;
    let any = await readAll(manager);
    resolveLive();
    for (const wait of waits) {
      if (any || nudges !== seen || ended.signal.aborted) break;
      await sleep(wait, undefined, { ref: false });
      any = await readAll(manager);
    }
    if (!any) identityDoubted = true;
  };

  const run = async (): Promise<void> => {
    running = true;
    try {
      const manager = await managerOf(nats);
      let waitMs = firstRetryMs;
      let done = -1;
      while (done !== nudges && connection.connected && !ended.signal.aborted) {
        const seen = nudges;
        try {
          await round(manager);
          done = seen;
          waitMs = firstRetryMs;
        } catch (thrown) {
          log.debug({ stream: keep.stream }, `cannot follow a stream yet: ${errorText(thrown)}`);
          identityDoubted = true;
          await sleep(waitMs, undefined, { ref: false });
          waitMs = Math.min(lastRetryMs, waitMs * 2);
        }
      }
    } finally {
      running = false;
    }
  };

  const nudge = (): void => {
    nudges++;
    if (running || ended.signal.aborted) return;
    run().catch((thrown: unknown) => log.error({ err: thrown }, `cannot follow: ${errorText(thrown)}`));
  };
  const expect = (): void => {
    expected = true;
    nudge();
  };

  const stops: Stop[] = [
    listen(connection, filter, expect),
    connection.onStatus(({ type }) => {
      if (type !== 'reconnected') return;
      identityDoubted = true;
      nudge();
    }),
  ];
  const poll = setInterval(nudge, pollMs).unref();
  nudge();
  return {
    live,
    stream: keep.stream,
    nudge: expect,
    stop() {
      clearInterval(poll);
      ended.abort();
      for (const stop of stops.splice(0)) stop();
      resolveLive();
    },
  };
}
