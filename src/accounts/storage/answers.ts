import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Answerer } from '../asking/answer.js';
import type { AskContext } from '../asking/method.js';
import { normalAddress } from '../auth/address.js';
import type { People } from '../people.js';
import type { PersonalData } from '../personal-data.js';
import { addressFor, type KnownCaller, knownCaller } from '../whose.js';
import type { Erasures } from './erasures.js';
import { exportDocument } from './export.js';
import { storageMethods } from './methods.js';
import type { Profiles } from './profiles.js';

/** Answers what is asked about profiles, for those who may. */
export function answerStorage(
  answer: Answerer,
  given: {
    readonly profiles: Profiles;
    readonly erasures: Erasures;
    /** What is kept about people, in all account services. */
    readonly parts: readonly PersonalData[];
    readonly people: People;
    readonly now: () => number;
    readonly log: Logger;
  },
): void {
  const { profiles, erasures, parts, people, now, log } = given;
  const whose = async (
    { caller }: AskContext,
    asked: string,
  ): Promise<{ by: KnownCaller; email: string }> => {
    const by = await knownCaller(caller, people);
    return { by, email: addressFor(by, asked) };
  };
  /** What is written about somebody who is being removed is removed, or was never written. */
  const unlessErasing = async <T>(email: string, write: () => Promise<T>): Promise<T> => {
    await assertNotErasing(erasures, email);
    const written = await write();
    await assertNotErasing(erasures, email);
    return written;
  };

  answer(storageMethods.create, async ({ email: asked }, context) => {
    const { email } = await whose(context, asked);
    const made = await unlessErasing(email, () => profiles.create(email, context.request));
    // Whose account was erased meanwhile leaves no profile behind: the erasure may have been past it.
    await whose(context, asked).catch(async (thrown: unknown) => {
      if (isGone(thrown)) await profiles.delete(email);
      throw thrown;
    });
    return made;
  });
  answer(storageMethods.get, async ({ email: asked }, context) => {
    const { email } = await whose(context, asked);
    return { email, found: await profiles.get(email) };
  });
  answer(storageMethods.update, async ({ email: asked, change, expected }, context) => {
    const { email } = await whose(context, asked);
    return profiles.update(email, { change, expected, request: context.request });
  });
  answer(storageMethods.delete, async ({ email: asked }, context) => {
    const { email } = await whose(context, asked);
    await profiles.delete(email);
    return { email };
  });
  answer(storageMethods.export, async ({ email: asked }, context) => {
    const { by, email } = await whose(context, asked);
    const json = await exportDocument(email, parts, now());
    log.info(
      { account: people.key(email), by: nameOf(by, email) },
      'what is kept about an account was exported',
    );
    return { json };
  });
  answer(storageMethods.erase, async ({ email: asked }, context) => {
    try {
      const { by, email } = await whose(context, asked);
      await erasures.erase(email, nameOf(by, email));
    } catch (thrown) {
      // Their account is gone: they ask again for what is done, or is being done.
      const own = isGone(thrown) ? ownAddress(context, asked) : undefined;
      if (own === undefined) throw thrown;
      if (await erasures.isErasing(own)) await erasures.erase(own, 'themself');
    }
    return {};
  });
}

/** Who it was, for logs: somebody who does it for themself is not named. */
function nameOf(by: KnownCaller, email: string): string {
  return by.email === email ? 'themself' : by.name;
}

async function assertNotErasing(erasures: Erasures, email: string): Promise<void> {
  if (await erasures.isErasing(email)) {
    throw new PosternError(
      'PRECONDITION_FAILED',
      `all that is kept about ${email} is being removed at this moment`,
    );
  }
}

function isGone(thrown: unknown): boolean {
  return thrown instanceof PosternError && thrown.code === 'UNAUTHENTICATED';
}

/** The address of a caller who asks about themself, and about nobody else. */
function ownAddress({ caller }: AskContext, asked: string): string | undefined {
  const email = caller?.email;
  return asked.trim() === '' || normalAddress(asked) === email ? email : undefined;
}
