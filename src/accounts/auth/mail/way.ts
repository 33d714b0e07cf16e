import type { Logger } from '../../../log.js';
import type { AccountsConfig } from '../../config.js';
import type { DueMail, Proofs } from '../proofs.js';

/** Which way codes go, started. */
export interface MailWay {
  /** What whoever has asked for a code is told; a mail that is to be sent goes its way. */
  begun(mail: DueMail): { mailTo: string; code: string };
  /** Opens the listener for mails, where there is one. Throws `LISTEN_FAILED`. */
  listen(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** What ways have in common. */
export interface WayParts {
  readonly proofs: Proofs;
  readonly now: () => number;
  readonly log: Logger;
}

/** Starts the way of the configuration; the libraries for it are loaded only here. */
export async function openMailWay(config: AccountsConfig, parts: WayParts): Promise<MailWay> {
  const { mail } = config;
  if (mail.by !== 'user' && mail.codesInAnswersForTests) {
    parts.log.warn(
      'codesInAnswersForTests is on: whoever asks for the code of an address gets it, and with it any account. For tests alone',
    );
  }
  if (mail.by === 'us') {
    const { openSending } = await import('./sending.js');
    return openSending(mail, parts);
  }
  if (mail.by === 'user') {
    const { openReceiving } = await import('./receiving.js');
    return openReceiving(mail, parts);
  }
  return {
    begun: ({ code }) => ({ mailTo: '', code }),
    listen: async () => [],
    stop: async () => {},
  };
}
