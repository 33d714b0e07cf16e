import type { ErasureEntry } from '../../bus/account-kept.js';
import type { SessionEntry } from '../../bus/account-messages.js';
import type { Store } from '../../bus/bus.js';
import { PosternError } from '../../errors.js';
import { addressKey, type Directory } from './directory.js';
import type { Proofs } from './proofs.js';
import type { Sessions } from './sessions.js';

/**
 * Lets somebody in whose code was taken: makes the account where there is none, and begins the session. An erasure removes
 * accounts before codes, twice over: where the code is still there afterwards, none was late for the account; else what was made
 * is taken back, since it would stay. Throws `PRECONDITION_FAILED` then.
 */
export async function admit(
  parts: {
    readonly directory: Pick<Directory, 'ensure' | 'eraseOf'>;
    readonly sessions: Pick<Sessions, 'begin' | 'unbegin'>;
    readonly proofs: Pick<Proofs, 'isConfirmed'>;
  },
  { email, session, request }: { email: string; session: string; request: string },
): Promise<SessionEntry> {
  const { directory, sessions, proofs } = parts;
  const made = await directory.ensure(email);
  const entry = await sessions.begin(session, email, request);
  if (await proofs.isConfirmed(email, session)) return entry;
  await sessions.unbegin(session);
  if (made) await directory.eraseOf(email);
  throw beingErased();
}

/** Nothing is made of an address anew while what is kept about it is being removed: it would go, too. Throws `PRECONDITION_FAILED`. */
export async function assertNotErasing(
  erasures: Pick<Store<ErasureEntry>, 'get'>,
  email: string,
): Promise<void> {
  if ((await erasures.get(addressKey(email))) !== undefined) throw beingErased();
}

function beingErased(): PosternError {
  return new PosternError(
    'PRECONDITION_FAILED',
    'all that is kept about this address is being removed at this moment: begin again in a few seconds',
  );
}
