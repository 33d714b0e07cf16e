import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { errorText, PosternError } from '../../../errors.js';
import { formatAddress, parseAddress } from '../../../wire/address.js';
import { canonicalAddress, Networks, ownNetworkOf } from '../../../wire/networks.js';
import { normalAddress } from '../address.js';
import type { ReceivingSettings } from '../mail-config.js';
import type { Proofs } from '../proofs.js';
import { codeIn, readMail } from './code-in-mail.js';
import { createProveSender } from './sender-proof.js';
import type { MailWay, WayParts } from './way.js';

/** Largest mail, in bytes. */
const mostBytes = 256 << 10;
/** Connections at the same time, in all and of one address, or /64 network of IPv6, that is no relay. */
const mostConnections = 100;
const mostOfOne = 5;
/** A connection may be silent for so long, and last for so long, milliseconds. */
const silentMs = 20_000;
const minuteMs = 60_000;

/** What of an SMTP client's mistakes it is told. */
class Refusal extends Error {
  readonly responseCode: number;
  constructor(responseCode: number, message: string) {
    super(message);
    this.responseCode = responseCode;
  }
}

/**
 * Tells users where to mail their codes to, and takes those mails.
 * @param bounds.lastsMs the longest that a connection lasts, in milliseconds; default a minute
 */
export async function openReceiving(
  settings: ReceivingSettings,
  { proofs, log }: Pick<WayParts, 'log'> & { readonly proofs: Pick<Proofs, 'arrived'> },
  { lastsMs = minuteMs }: { readonly lastsMs?: number } = {},
): Promise<MailWay> {
  const to = normalAddress(settings.to);
  if (to === undefined) {
    throw new PosternError('CONFIG_INVALID', `mail.to: '${settings.to}' is no address`, { exitCode: 2 });
  }
  if (settings.check === 'none') {
    log.warn(
      'mail.check is none: whoever can send a mail can take any account. For a network that forges no senders alone',
    );
  }
  const relays = new Networks(settings.relays);
  const prove = createProveSender(settings);
  const tls = await certificateOf(settings);
  const open = new Map<string, number>();

  const take = async (raw: Buffer, session: SMTPServerSession): Promise<void> => {
    const { from, fromDomain, subject, body } = await readMail(raw);
    const { mailFrom } = session.envelope;
    // Bounces and answers that programs give have none (RFC 5321, 3834); they repeat what strangers have written.
    if (mailFrom === false || mailFrom.address === '') throw new Refusal(550, 'a mail needs a sender here');
    const ip = canonicalAddress(session.remoteAddress) ?? session.remoteAddress;
    const proof = await prove({
      raw,
      from,
      fromDomain,
      ip,
      helo: session.hostNameAppearsAs,
      sender: mailFrom.address,
      relayed: relays.has(ip),
    });
    const code = (proof.subject ? codeIn(subject) : undefined) ?? codeIn(body);
    if (code === undefined) throw new Refusal(550, "there is no 'verify: CODE' in its subject or text");
    if (!(await proofs.arrived(from, code))) {
      throw new Refusal(550, 'this code is not waited for from this address: it is wrong, or has expired');
    }
    log.info('a mail has proven its sender');
  };

  const server = new SMTPServer({
    name: settings.name,
    banner: 'postern accounts',
    size: mostBytes,
    maxClients: mostConnections,
    socketTimeout: silentMs,
    closeTimeout: 1_000,
    disableReverseLookup: true,
    authOptional: true,
    disabledCommands: tls === undefined ? ['AUTH', 'STARTTLS'] : ['AUTH'],
    ...tls,
    logger: false,
    onConnect(session, callback) {
      const ip = canonicalAddress(session.remoteAddress) ?? '';
      const network = ownNetworkOf(ip);
      const count = (open.get(network) ?? 0) + 1;
      open.set(network, count);
      if (count > mostOfOne && !relays.has(ip)) callback(new Refusal(421, 'too many connections of yours'));
      else callback();
    },
    onClose(session) {
      const network = ownNetworkOf(canonicalAddress(session.remoteAddress) ?? '');
      const count = (open.get(network) ?? 1) - 1;
      if (count > 0) open.set(network, count);
      else open.delete(network);
    },
    onRcptTo({ address }, session, callback) {
      if (normalAddress(address) !== to) callback(new Refusal(550, 'nobody of this address is here'));
      else if (session.envelope.rcptTo.length > 0) callback(new Refusal(452, 'one recipient is enough'));
      else callback();
    },
    onData(stream, session, callback) {
      collect(stream)
        .then((raw) => take(raw, session))
        .then(
          () => callback(null, 'the address is proven'),
          (thrown: unknown) => callback(refusalOf(thrown)),
        );
    },
  });
  server.on('error', (thrown) => log.debug(`a mail client went wrong: ${errorText(thrown)}`));
  /** Each byte in time would keep a connection for ever. */
  server.server.on('connection', (socket: Socket) => {
    const timer = setTimeout(() => socket.destroy(), lastsMs);
    socket.once('close', () => clearTimeout(timer));
  });

  const refusalOf = (thrown: unknown): Refusal => {
    if (thrown instanceof Refusal) return thrown;
    if (!(thrown instanceof PosternError)) {
      log.error({ err: thrown }, 'a mail was not taken');
      return new Refusal(451, 'not now');
    }
    // Told that it shall come again, a mail server brings it again: nothing is lost while NATS or DNS is away.
    const forever = ['MAIL_INVALID', 'SENDER_UNPROVEN'].includes(thrown.code);
    log.info(`a mail was ${forever ? 'refused' : 'put off'}: ${errorText(thrown)}`);
    return new Refusal(forever ? 550 : 451, forever ? thrown.message : 'not now');
  };

  let opened = false;
  return {
    begun: ({ code }) => ({ mailTo: settings.to, code }),
    async listen() {
      const address = await listening(server, settings.listen);
      opened = true;
      return [address];
    },
    stop: () => (opened ? new Promise((resolve) => server.close(() => resolve())) : Promise.resolve()),
  };
}

async function collect(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    // the rest is read and thrown away, as the protocol wants it
    if (bytes <= mostBytes) chunks.push(chunk);
  }
  if (bytes > mostBytes) throw new Refusal(552, `a mail has at most ${mostBytes} bytes here`);
  return Buffer.concat(chunks);
}

function listening(server: SMTPServer, text: string): Promise<string> {
  const address = parseAddress(text, 'listen');
  return new Promise((resolve, reject) => {
    const failed = (thrown: Error) =>
      reject(new PosternError('LISTEN_FAILED', `cannot listen for mails on ${text}: ${errorText(thrown)}`));
    server.once('error', failed);
    const options =
      'path' in address ? { path: address.path } : { host: address.host || '::', port: address.port };
    server.listen(options, () => {
      server.off('error', failed);
      const bound = server.server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      resolve('path' in address ? text : formatAddress({ host: address.host, port }));
    });
  });
}

async function certificateOf({
  cert,
  key,
}: ReceivingSettings): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new PosternError('CONFIG_INVALID', 'mail.cert and mail.key go together', { exitCode: 2 });
  }
  try {
    return { cert: await readFile(cert), key: await readFile(key) };
  } catch (thrown) {
    throw new PosternError('CONFIG_INVALID', `mail.cert and mail.key: ${errorText(thrown)}`, { exitCode: 2 });
  }
}
