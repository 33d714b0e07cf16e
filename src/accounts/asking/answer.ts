import type { AccountAnswer, AccountCaller } from '../../bus/account-messages.js';
import type { Bus, Stop } from '../../bus/bus.js';
import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { issueText } from './ask.js';
import { type AccountMethod, type AskContext, accountSubjects } from './method.js';

/** One of the processes of this group answers each request. */
const queue = 'accounts';
/** Longest text that is told, characters. */
const longestMessage = 1_024;

/** Answers a method's requests. Throws `PosternError` for what the asker is told; it may be asked again after `STORE_UNAVAILABLE`. */
export type Answerer = <A, R>(
  method: AccountMethod<A, R>,
  handler: (args: A, context: AskContext) => Promise<R>,
) => void;

/** Answers requests on this connection, which is one of the role `accounts`, until it is stopped. */
export function createAnswerer(
  bus: Bus,
  log: Logger,
): {
  answer: Answerer;
  /** Has each caller told who asks for something. */
  hear(listener: (caller: AccountCaller) => void): void;
  stop: Stop;
} {
  let heard: (caller: AccountCaller) => void = () => {};
  const stops: Stop[] = [];
  const answer: Answerer = (method, handler) => {
    const work = async (args: unknown, context: AskContext): Promise<AccountAnswer> => {
      if (context.caller !== undefined) heard(context.caller);
      const read = method.args.safeParse(args);
      if (!read.success) {
        return { ok: false, code: 'ARGUMENT_INVALID', message: issueText(read.error) };
      }
      try {
        return { ok: true, result: method.result.parse(await handler(read.data, context)) };
      } catch (thrown) {
        if (!(thrown instanceof PosternError)) {
          log.error({ err: thrown, method: method.name }, 'a request to the account services failed');
          return { ok: false, code: 'INTERNAL', message: 'the account services failed; their log says why' };
        }
        return { ok: false, code: thrown.code, message: thrown.message.slice(0, longestMessage) };
      }
    };
    stops.push(
      bus.respond(
        accountSubjects[method.service],
        { method: method.name },
        ({ body: { args, request, source, caller } }) => work(args, { request, source, caller }),
        { queue },
      ),
    );
  };
  return {
    answer,
    hear(listener) {
      heard = listener;
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}
