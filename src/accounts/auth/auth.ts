import { setTimeout as sleep } from 'node:timers/promises';
import type { CallerKey } from '../../auth/caller-tokens.js';
import type { AccountCaller } from '../../bus/account-messages.js';
import { stores } from '../../bus/subjects.js';
import { errorText, PosternError } from '../../errors.js';
import type { OwnService } from '../../own-service.js';
import type { Ask } from '../asking/ask.js';
import type { TokenCaller } from '../face/caller.js';
import type { Translate } from '../face/face-method.js';
import type { PartContext } from '../part.js';
import type { People } from '../people.js';
import { addressOf } from './address.js';
import { admit, assertNotErasing } from './admit.js';
import { answerAbout } from './answer-about.js';
import { Codes } from './codes.js';
import { Directory } from './directory.js';
import { authServices } from './face.js';
import { type MailWay, openMailWay } from './mail/way.js';
import { beginMethod, confirmMethod } from './methods.js';
import { peopleOf } from './people.js';
import { Proofs } from './proofs.js';
import { openRest } from './rest.js';
import { SessionEnds } from './session-ends.js';
import { Sessions } from './sessions.js';
import { tokenCallerOf } from './token-caller.js';
import { AccountTokens, sessionTokens } from './tokens.js';

/** A code that is refused is refused after so long at the earliest, milliseconds: how it was found out does not show. */
const refusedAfterMs = 150;

/** The authentication of accounts, started. */
export interface AuthPart {
  /** What its gRPC listener serves. */
  services(translate: Translate): readonly OwnService[];
  readonly tokenCaller: TokenCaller;
  /** What the other account services ask about people. */
  readonly people: People;
  /** Notes that an account was used. */
  seen(caller: AccountCaller): void;
  /** Opens the REST gateway; resolves to where it listens. Throws `LISTEN_FAILED`. */
  openRest(addresses: readonly string[]): Promise<readonly string[]>;
  /** Opens the listener for mails, where there is one. Throws `LISTEN_FAILED`. */
  openMail(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Starts the authentication: answers about addresses, codes, tokens and accounts. Throws `STORE_UNAVAILABLE`. */
export async function startAuth(
  context: Omit<PartContext, 'translate'> & { readonly key: CallerKey; readonly ask: Ask },
): Promise<AuthPart> {
  const { config, bus, key, ask, answer, now, log } = context;
  const tokens = new AccountTokens(key, config, now);
  const codes = new Codes(key.derive('postern account codes'));
  const undo: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const each of undo.splice(0).reverse()) await each();
  };
  try {
    const directory = await Directory.open(bus, {
      admins: config.admins,
      onlineMs: config.onlineSeconds * 1000,
      now,
    });
    undo.push(() => directory.stop());
    const ends = await SessionEnds.open(bus, { issuer: config.issuer, now, log });
    undo.push(() => ends.stop());
    const lifeMs = config.refreshSeconds * 1000;
    const sessions = await Sessions.open(bus, { tokens, ends, lifeMs, now });
    undo.push(() => sessions.stop());
    const proofs = await Proofs.open(bus, { codes, config, now });
    undo.push(() => proofs.stop());
    const erasures = await bus.store(stores.accountErasures);
    const way: MailWay = await openMailWay(config, { proofs, now, log });
    undo.push(() => way.stop());

    answer(beginMethod, async ({ email: said }, { request, source }) => {
      const email = addressOf(said);
      await assertNotErasing(erasures, email);
      const begun = await proofs.begin(email, request, source);
      return way.begun(begun);
    });
    answer(confirmMethod, async ({ email: said, code }, { request, source }) => {
      const startedMs = Date.now();
      const email = addressOf(said);
      await assertNotErasing(erasures, email);
      const tried = { request, source };
      const session = await proofs.confirm(email, code, tried).catch(async (thrown: unknown) => {
        await sleep(Math.max(0, startedMs + refusedAfterMs - Date.now()));
        throw thrown;
      });
      const entry = await admit({ directory, sessions, proofs }, { email, session, request });
      return sessionTokens(tokens, session, entry);
    });
    answerAbout({ answer, config, directory, sessions, ends, tokens });

    const check = tokenCallerOf(ask, config);
    return {
      services: (translate) => authServices(translate),
      tokenCaller: check.tokenCaller,
      people: peopleOf(config, { directory, sessions, proofs, ends }),
      seen({ email }) {
        if (email === undefined) return;
        directory.seen(email).catch((thrown: unknown) => {
          if (thrown instanceof PosternError && thrown.code === 'NOT_FOUND') return;
          log.debug(`that an account was used was not noted: ${errorText(thrown)}`);
        });
      },
      async openRest(addresses) {
        const opened = await openRest(addresses, { check: check.check, publicKeys: tokens.publicKeys, log });
        undo.push(() => opened.close());
        return opened.listening;
      },
      openMail: () => way.listen(),
      stop,
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}
