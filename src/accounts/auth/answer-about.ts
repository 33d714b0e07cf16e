import type { AccountCaller } from '../../bus/account-messages.js';
import { PosternError } from '../../errors.js';
import type { Answerer } from '../asking/answer.js';
import type { AskContext } from '../asking/method.js';
import type { AccountsConfig } from '../config.js';
import { addressOf } from './address.js';
import type { Directory } from './directory.js';
import {
  checkMethod,
  listMethod,
  logOutMethod,
  onlineMethod,
  promoteMethod,
  refreshMethod,
  whoAmIMethod,
} from './methods.js';
import { isHubAdmin } from './people.js';
import type { SessionEnds } from './session-ends.js';
import type { Sessions } from './sessions.js';
import { type AccountTokens, sessionTokens } from './tokens.js';

/** Answers about tokens, sessions and accounts. */
export function answerAbout(parts: {
  answer: Answerer;
  config: AccountsConfig;
  directory: Directory;
  sessions: Sessions;
  ends: Pick<SessionEnds, 'ofAccount'>;
  tokens: AccountTokens;
}): void {
  const { answer, config, directory, sessions, ends, tokens } = parts;

  /** An account's session that goes on. Throws `UNAUTHENTICATED`. */
  const openAccount = async (session: string) => {
    const entry = await sessions.open(session);
    if (entry === undefined) throw over('the session of the token is over');
    const account = await directory.get(entry.email);
    if (account === undefined) throw over('the account of the token is not there any more');
    if (entry.createdAtMs < account.sessionsFromMs) throw over('the session of the token is over');
    return account;
  };
  const accountOf = async (context: AskContext) => {
    const email = callerAddress(context.caller);
    const account = await directory.get(email);
    if (account === undefined) throw new PosternError('NOT_FOUND', `there is no account of ${email}`);
    return account;
  };
  const assertAdmin = async (context: AskContext): Promise<void> => {
    if (context.caller !== undefined && isHubAdmin(context.caller, config.issuer)) return;
    if (!directory.isAdmin(await accountOf(context))) {
      throw new PosternError('PERMISSION_DENIED', 'only administrators may do this');
    }
  };

  answer(checkMethod, async ({ jwt }) => {
    try {
      const { email, session, expiresAtMs } = tokens.read(jwt);
      const account = await openAccount(session);
      if (account.email !== email) throw over('the token is of another account');
      await directory.seen(email);
      return { email, session, expiresAtMs, admin: directory.isAdmin(account) };
    } catch (thrown) {
      const known = thrown instanceof PosternError && ['UNAUTHENTICATED', 'NOT_FOUND'].includes(thrown.code);
      if (!known) throw thrown;
      return { why: thrown.message };
    }
  });
  answer(refreshMethod, async ({ refreshToken }, { request }) => {
    const { session, entry } = await sessions.refresh(refreshToken, request);
    await openAccount(session);
    await directory.seen(entry.email);
    return sessionTokens(tokens, session, entry);
  });
  answer(logOutMethod, async ({ everywhere, refreshToken }, { caller }) => {
    if (everywhere) {
      const email = callerAddress(caller);
      await ends.ofAccount(email, await directory.endSessions(email));
    } else if (refreshToken !== '') await sessions.end(tokens.readRefresh(refreshToken).session);
    else if (caller?.session !== undefined) await sessions.end(caller.session);
    else {
      callerAddress(caller);
      throw new PosternError(
        'PRECONDITION_FAILED',
        'a hub does not tell of which session a token is: name the refresh token, or log out everywhere',
      );
    }
    return {};
  });
  answer(whoAmIMethod, async (_args, context) => {
    const account = await accountOf(context);
    return { email: account.email, admin: directory.isAdmin(account) };
  });
  answer(onlineMethod, async ({ email: said }, { caller }) => {
    const own = callerAddress(caller);
    const account = await directory.get(said === undefined || said === '' ? own : addressOf(said));
    return { online: account !== undefined && directory.isOnline(account) };
  });
  answer(listMethod, async ({ after, limit }, context) => {
    await assertAdmin(context);
    return directory.list(after, limit);
  });
  answer(promoteMethod, async ({ email, demote }, context) => {
    await assertAdmin(context);
    return directory.promote(addressOf(email), !demote);
  });
}

function over(why: string): PosternError {
  return new PosternError('UNAUTHENTICATED', `${why}: log in again`);
}

/** The proven address of who calls. Throws `PERMISSION_DENIED`. */
function callerAddress(caller: AccountCaller | undefined): string {
  if (caller?.email !== undefined) return caller.email;
  throw new PosternError(
    'PERMISSION_DENIED',
    caller === undefined
      ? 'show a token of an account'
      : 'your token tells no address: show one of an account',
  );
}
