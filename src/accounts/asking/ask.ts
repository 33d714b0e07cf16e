import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../../bus/bus.js';
import { PosternError } from '../../errors.js';
import { type AccountMethod, type AskContext, accountSubjects } from './method.js';

/** One process has so long to answer before another one is asked, milliseconds. */
const oneAnswerMs = 5_000;
/** Between two times of asking, milliseconds. */
const againMs = 150;
const busyCodes = new Set(['STORE_UNAVAILABLE', 'STORE_CONFLICT']);

/**
 * Asks the account processes, any one of them, and again with the same request where none answers: the one that had it may be
 * gone. Throws the `PosternError` that it is answered with, or `NO_ANSWER` when the time is up.
 * @param deadlineMs Unix time in milliseconds
 */
export type Ask = <A, R>(
  method: AccountMethod<A, R>,
  args: A,
  context: AskContext,
  until: { readonly deadlineMs: number; readonly signal?: AbortSignal },
) => Promise<R>;

/** Asks over this connection, which is one of the role `accounts`. */
export function createAsk(bus: Bus): Ask {
  return async (method, args, context, { deadlineMs, signal }) => {
    const subject = accountSubjects[method.service];
    const params = { method: method.name, key: bus.identity.publicKey };
    const { request, source, caller } = context;
    const read = method.args.safeParse(args);
    if (!read.success) {
      throw new PosternError('ARGUMENT_INVALID', issueText(read.error));
    }
    const body = {
      v: 1 as const,
      request,
      source,
      ...(caller === undefined ? {} : { caller }),
      args: read.data,
    };
    for (;;) {
      signal?.throwIfAborted();
      const leftMs = deadlineMs - Date.now();
      const timeoutMs = Math.max(1, Math.min(oneAnswerMs, leftMs));
      try {
        const answer = await bus.request(subject, params, body, { timeoutMs });
        if (answer.ok) return method.result.parse(answer.result);
        throw new PosternError(answer.code, answer.message);
      } catch (thrown) {
        const unanswered = thrown instanceof PosternError && thrown.code === 'NO_ANSWER';
        // Others were faster, many times in a row: as one asker of many at the same time.
        const busy = thrown instanceof PosternError && busyCodes.has(thrown.code);
        if (!(unanswered || busy) || deadlineMs - Date.now() <= againMs) throw thrown;
      }
      await sleep(againMs, undefined, signal === undefined ? {} : { signal });
    }
  };
}

/** What is wrong with arguments, without their values. */
export function issueText(error: { issues: readonly { path: PropertyKey[]; message: string }[] }): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'the arguments are not as declared';
  return `${issue.path.map(String).join('.')}: ${issue.message}`;
}
