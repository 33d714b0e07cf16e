import { lockDirectory, type Release } from '../../bus/directory-lock.js';
import { deadline, unary } from '../../client/call-failed.js';
import { connectHub } from '../../client/hub-connection.js';
import type { HubTarget } from '../../client/hub-target.js';
import { PosternError } from '../../errors.js';
import type { RefreshResponse, Session } from '../../gen/postern/v1/accounts.js';
import type { Context } from '../contexts/context.js';
import { ContextFiles } from '../contexts/context-files.js';
import { tokenFacts } from '../contexts/token-facts.js';
import type { NamedContext } from '../hub-choice.js';
import type { Invocation } from '../invocation.js';
import { connectTimeoutOf } from '../with-hub.js';
import { accountClients } from './clients.js';

/** A token that ends within so long is renewed first, milliseconds. */
const earlyMs = 60_000;

/** Another command that renews the same is waited for so long, milliseconds. */
const turnMs = 15_000;

/**
 * The hub with a token that is good for a while: that of a context of an account is renewed when it ends soon, and the context
 * written anew. Any other is left as it is. One command at a time does so: a refresh token that came twice would end the session.
 * Throws what the call throws.
 */
export async function withFreshToken(
  invocation: Invocation,
  target: HubTarget,
  context: NamedContext | undefined,
): Promise<HubTarget> {
  if (context?.content.account === undefined || target.token !== context.content.token) return target;
  if (!endsSoon(target.token)) return target;
  const { name } = context;
  const files = new ContextFiles(invocation.env);
  const release = await turn(`${files.pathOf(name)}.turn`);
  try {
    // Another command may have renewed it meanwhile.
    const content = await files.read(name);
    const { account, token } = content;
    if (account === undefined) return target;
    if (!endsSoon(token)) return { ...target, token };
    const session = await refreshed(invocation, target, account);
    if (session === undefined) return target;
    await files.write(name, renewed(content, session), true);
    return { ...target, token: session.jwt };
  } finally {
    await release();
  }
}

function endsSoon(token: string | undefined): boolean {
  return (tokenFacts(token ?? '')?.expiresAtMs ?? 0) - Date.now() <= earlyMs;
}

async function refreshed(
  invocation: Invocation,
  target: HubTarget,
  { host, refreshToken }: NonNullable<Context['account']>,
): Promise<Session | undefined> {
  const { token: _, ...withoutToken } = target;
  const to = { ...withoutToken, token: undefined, ...(host === undefined ? {} : { host }) };
  const connection = await connectHub(to, connectTimeoutOf(invocation));
  try {
    const { session } = await unary<RefreshResponse>((done) =>
      accountClients(connection).own.refresh({ refreshToken }, connection.metadata(), deadline(), done),
    );
    return session;
  } finally {
    connection.close();
  }
}

/** Waits until no other process has the turn. Throws `DATA_IN_USE`. */
async function turn(path: string): Promise<Release> {
  const untilMs = Date.now() + turnMs;
  for (;;) {
    try {
      return await lockDirectory(path);
    } catch (thrown) {
      const taken = thrown instanceof PosternError && thrown.code === 'DATA_IN_USE';
      if (!taken || Date.now() > untilMs) throw thrown;
    }
  }
}

/** The context with what a session goes on with. */
export function renewed(content: Context, { jwt, refreshToken }: Session): Context {
  const { account } = content;
  return account === undefined ? content : { ...content, token: jwt, account: { ...account, refreshToken } };
}
