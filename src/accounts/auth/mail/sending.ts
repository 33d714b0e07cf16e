import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import type { Options } from 'nodemailer/lib/smtp-pool/index.js';
import { errorText, PosternError } from '../../../errors.js';
import { addressKey } from '../directory.js';
import type { SendingSettings } from '../mail-config.js';
import type { DueMail } from '../proofs.js';
import type { MailWay, WayParts } from './way.js';

/** A server has so long to answer each step, milliseconds. */
const stepMs = 10_000;
/** Between two looks for mails that nobody has in hand, milliseconds. */
const lookMs = 1_000;
/** Mails that are on their way when it stops have so long, milliseconds; others send them later. */
const stopMs = 3_000;
/** Connections to the server at the same time. */
const mostConnections = 4;

/**
 * Mails codes. What is to be mailed is kept in the bucket until a server has taken it: another process sends it where this one
 * is gone, and this one again where the server was. A mail may so come twice, with the same code and the same Message-ID.
 */
export async function openSending(
  settings: SendingSettings,
  { proofs, now, log }: WayParts,
): Promise<MailWay> {
  const transport = createTransport(await transportOf(settings));
  /** Addresses with something to mail, and when it may be taken in hand. */
  const due = new Map<string, { email: string; atMs: number }>();
  const watch = proofs.store.watch((key, entry) => {
    const dates =
      entry?.value.k === 'codes' ? entry.value.codes.flatMap(({ mailAtMs }) => mailAtMs ?? []) : [];
    if (entry?.value.k !== 'codes' || dates.length === 0) due.delete(key);
    else due.set(key, { email: entry.value.email, atMs: Math.min(...dates) });
  });
  const open = new Set<Promise<void>>();

  const send = async (mail: DueMail): Promise<void> => {
    try {
      await transport.sendMail(messageOf(mail, settings.from, now()));
      await proofs.mailed(mail);
    } catch (thrown) {
      log.warn(`a code was not mailed yet: ${errorText(thrown)}`);
    }
  };
  const begin = (mail: DueMail): void => {
    const sent = send(mail).finally(() => open.delete(sent));
    open.add(sent);
  };
  const look = async (): Promise<void> => {
    const nowMs = now();
    for (const { email, atMs } of [...due.values()]) {
      if (atMs > nowMs || open.size >= 64) continue;
      for (const mail of await proofs.takeDue(email)) begin(mail);
    }
  };
  const timer = setInterval(() => {
    look().catch((thrown: unknown) =>
      log.debug(`mails that are due were not looked for: ${errorText(thrown)}`),
    );
  }, lookMs);

  return {
    begun(mail) {
      begin(mail);
      return { mailTo: '', code: settings.codesInAnswersForTests ? mail.code : '' };
    },
    listen: async () => [],
    async stop() {
      clearInterval(timer);
      watch.stop();
      const late = new AbortController();
      await Promise.race([
        Promise.all(open),
        sleep(stopMs, undefined, { signal: late.signal }).catch(() => {}),
      ]);
      late.abort();
      transport.close();
    },
  };
}

async function transportOf(settings: SendingSettings): Promise<Options> {
  const { host, port, security, user, passwordFile, ca } = settings;
  const pass = passwordFile === undefined ? '' : (await readSecret(passwordFile)).trim();
  return {
    pool: true,
    maxConnections: mostConnections,
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'off',
    ...(user === undefined ? {} : { auth: { user, pass } }),
    ...(ca === undefined ? {} : { tls: { ca: await readFile(ca) } }),
    connectionTimeout: stepMs,
    greetingTimeout: stepMs,
    socketTimeout: stepMs,
    dnsTimeout: stepMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

async function readSecret(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw new PosternError('CONFIG_INVALID', `mail.passwordFile cannot be read: ${errorText(thrown)}`, {
      exitCode: 2,
    });
  }
}

function messageOf({ email, request, code, expiresAtMs }: DueMail, from: string, nowMs: number) {
  const minutes = Math.max(1, Math.round((expiresAtMs - nowMs) / 60_000));
  const domain = from.slice(from.lastIndexOf('@') + 1).replace(/[^\w.-]/g, '');
  return {
    from,
    // As an object: the text of an address cannot become two.
    to: { name: '', address: email },
    subject: 'Your code',
    messageId: `<${addressKey(`${email} ${request}`)}@${domain}>`,
    headers: { 'auto-submitted': 'auto-generated' },
    text: `Somebody, hopefully you, wants to use this address. The code is\n\n    ${code}\n\nIt is good for ${minutes} minutes, once. If it was not you, do nothing: without the code nothing happens.\n`,
  };
}
