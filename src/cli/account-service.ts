import { connectHub, type HubConnection } from '../client/hub-connection.js';
import { findHub } from '../client/hub-target.js';
import { PosternError } from '../errors.js';
import { withFreshToken } from './accounts/account-context.js';
import { hubChoiceOf } from './hub-choice.js';
import type { Invocation } from './invocation.js';
import { connectTimeoutOf } from './with-hub.js';

/** A host name, and a port where clients name one. */
const hostForm = /^[a-z0-9_](?:[a-z0-9._-]{0,252}[a-z0-9])?(?::\d{1,5})?$/i;

/**
 * Connects to the hub that the options of `hubOptions` name, as to the host of `hostOption`, and disconnects when `use` is over.
 * Throws `OPTION_INVALID` (exit status 2).
 * @param options.anonymous no token is shown: who logs in has none, or one of a session that is over
 */
export async function withAccountService<T>(
  invocation: Invocation,
  use: (connection: HubConnection) => Promise<T>,
  { anonymous = false }: { anonymous?: boolean } = {},
): Promise<T> {
  const host = invocation.options.text('host');
  if (host !== undefined && !hostForm.test(host)) {
    throw new PosternError('OPTION_INVALID', `--host is '${host}', which is no host name`, { exitCode: 2 });
  }
  const choice = await hubChoiceOf(invocation);
  const found = await findHub(choice);
  const target = anonymous
    ? { ...found, token: undefined }
    : await withFreshToken(invocation, found, choice.context);
  const connection = await connectHub(
    host === undefined ? target : { ...target, host },
    connectTimeoutOf(invocation),
  );
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}

/** What a service says in the field `error` of its answer, as an error of the command. Throws `REFUSED` where it says something. */
export function assertAgreed({ error }: { readonly error?: string | undefined }): void {
  if (error !== undefined && error !== '') throw new PosternError('REFUSED', error.replace(/\p{Cc}/gu, ' '));
}
