import { messagesOf } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import { PosternError } from '../../errors.js';
import type { Transition, WatchResponse } from '../../gen/postern/v1/inspector.js';
import type { ActorWord } from './actor-word.js';

/** Somebody who waits for what an actor does next. */
export interface NextTransition {
  /** The hub has told what is now: whatever comes after is news. */
  readonly begun: Promise<void>;
  /** The next transition; undefined: it has gone without one. Rejects with `WAIT_TIMEOUT`, and what the hub answers. */
  readonly came: Promise<Transition | undefined>;
  stop(): void;
}

/** Begins to wait; at most so long. */
export function nextTransition(
  connection: HubConnection,
  { machine, id }: ActorWord,
  timeoutMs: number,
): NextTransition {
  const filters = [{ machine, id, node: '', run: '' }];
  const stream = hubServices(connection).inspector.watch(
    { filters, resume: '', history: 0, historyOnly: false },
    connection.metadata(),
  );
  let started = (): void => {};
  let ended: PosternError | undefined;
  const timer = setTimeout(() => {
    ended = new PosternError(
      'WAIT_TIMEOUT',
      `it was told, and nothing has become of it within ${timeoutMs / 1000} s`,
    );
    stream.cancel();
  }, timeoutMs);
  const look = async (): Promise<Transition | undefined> => {
    let live = false;
    try {
      for await (const message of messagesOf<WatchResponse>(stream)) {
        const news = live ? message.transitions[0] : undefined;
        if (news !== undefined) return news;
        if (live && message.actors.some(({ gone }) => gone)) return undefined;
        if (!message.live) continue;
        live = true;
        started();
      }
    } catch (thrown) {
      throw ended ?? thrown;
    } finally {
      clearTimeout(timer);
      stream.cancel();
    }
    throw ended ?? new PosternError('HUB_UNREACHABLE', 'the hub has ended the watch');
  };
  const begun = new Promise<void>((resolve) => {
    started = resolve;
  });
  const came = look();
  came.catch(() => {}); // whoever waits for it hears it
  return {
    begun: Promise.race([begun, came.then(() => {})]),
    came,
    stop: () => {
      clearTimeout(timer);
      stream.cancel();
    },
  };
}
