import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../errors.js';
import type { BusMessage, Stop } from './bus.js';
import { type Connection, listen } from './connection.js';
import type { ReadKept } from './kept.js';
import { readMessage, streamOf } from './page.js';
import { filterSubject } from './subject-pattern.js';
import type { SubjectDeclaration } from './subjects.js';

/** Asked by itself this often, in case that a live message went past us. */
const pollMs = 5000;
/** A live message may arrive before the stream has stored it: looked for again after these waits. */
const storeLagMs = [2, 10, 50, 250];
/** The wait after a failure, and the longest of those that follow it. */
const [firstRetryMs, lastRetryMs] = [100, 5000];

/** What `follow` gives back, and a way to say that there is something new. */
export interface Following {
  readonly live: Promise<void>;
  readonly stop: Stop;
  /** The stream that is read. */
  readonly stream: string;
  nudge(): void;
}

/**
 * Gives out the kept messages of a subject and then each new one, by reading on behind the last whenever a live message
 * (or a reconnect, or time) says that there may be more. The places in the stream rule out doubles; one page at a time
 * is on its way, so that a follower that is slow only falls behind.
 */
export function follow<P extends string, T>(
  connection: Connection,
  read: ReadKept,
  declaration: SubjectDeclaration<P, T, unknown>,
  params: Partial<Record<P, string>>,
  handler: (message: BusMessage<P, T>) => void,
): Following {
  const { log, metrics } = connection;
  const stream = streamOf(declaration);
  const filter = filterSubject(declaration.pattern, params);
  const ended = new AbortController();
  let resolveLive: () => void = () => {};
  const live = new Promise<void>((resolve) => {
    resolveLive = resolve;
  });
  let created: string | undefined;
  let after = 0;
  /** Raised by every nudge, so that a round knows whether another came meanwhile. */
  let nudges = 0;
  /** A live message told that there is something new. */
  let expected = false;
  let running = false;

  const deliver = (subject: string, json: unknown): void => {
    const message = readMessage(connection, declaration, subject, json);
    if (message === undefined) return;
    try {
      handler(message);
    } catch (thrown) {
      metrics.handlerFailed();
      log.error({ subject, err: thrown }, `a message was lost: its handler failed: ${errorText(thrown)}`);
    }
  };

  /** Gives out all that is new; resolves to whether there was anything. */
  const readAll = async (): Promise<boolean> => {
    let any = false;
    while (!ended.signal.aborted) {
      const page = await read({ stream, filter, after });
      if (page.created !== created) {
        // another stream than before, as after a restart of the server: its places count from 1 again
        created = page.created;
        if (after > 0) {
          after = 0;
          continue;
        }
      }
      for (const { subject, place, body } of page.messages) {
        if (ended.signal.aborted) return any;
        any = true;
        after = place;
        deliver(subject, body);
      }
      if (!page.more) break;
    }
    return any;
  };

  const round = async (): Promise<void> => {
    const waits = expected ? storeLagMs : [];
    expected = false;
    const seen = nudges;
    let any = await readAll();
    resolveLive();
    for (const wait of waits) {
      if (any || nudges !== seen || ended.signal.aborted) break;
      await sleep(wait, undefined, { ref: false });
      any = await readAll();
    }
  };

  const run = async (): Promise<void> => {
    running = true;
    let waitMs = firstRetryMs;
    let done = -1;
    while (done !== nudges && connection.connected && !ended.signal.aborted) {
      const seen = nudges;
      try {
        await round();
        done = seen;
        waitMs = firstRetryMs;
      } catch (thrown) {
        log.debug({ stream }, `cannot follow a stream yet: ${errorText(thrown)}`);
        await sleep(waitMs, undefined, { ref: false });
        waitMs = Math.min(lastRetryMs, waitMs * 2);
      }
    }
    running = false;
  };

  const look = (): void => {
    nudges++;
    if (running || ended.signal.aborted) return;
    run().catch((thrown: unknown) => log.error({ err: thrown }, `cannot follow: ${errorText(thrown)}`));
  };
  const nudge = (): void => {
    expected = true;
    look();
  };

  const stops: Stop[] = [
    listen(connection, filter, nudge),
    connection.onStatus(({ type }) => {
      if (type === 'reconnected') look();
    }),
  ];
  const poll = setInterval(look, pollMs).unref();
  look();
  return {
    live,
    stream,
    nudge,
    stop() {
      clearInterval(poll);
      ended.abort();
      for (const stop of stops.splice(0)) stop();
      resolveLive();
    },
  };
}
