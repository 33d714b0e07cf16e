import { Resolver } from 'node:dns/promises';
import { authenticate } from 'mailauth';
import { z } from 'zod';
import { PosternError } from '../../../errors.js';
import type { ReceivingSettings } from '../mail-config.js';
import { invalidMail } from './mail-header.js';

/** A DNS server has so long to answer, milliseconds, and is asked so often. */
const lookUpMs = 2_000;
const lookUpTries = 2;
/** So many names are looked up for one mail, and for so long in all, milliseconds. */
const mostLookUps = 40;
const provenMs = 15_000;

/** Where a mail came from, and what it says. */
export interface ArrivedMail {
  readonly raw: Buffer;
  /** The address in its only From, and its domain. */
  readonly from: string;
  readonly fromDomain: string;
  /** Who has sent it, as TCP says. */
  readonly ip: string;
  readonly helo: string;
  /** MAIL FROM; empty: none. */
  readonly sender: string;
  /** `ip` is a relay of ours: its first Received says who has sent it. */
  readonly relayed: boolean;
}

/** What is proven of a mail. */
export interface SenderProof {
  /** Its Subject is proven, too: a server of the domain has sent it all, or has signed that as well. */
  readonly subject: boolean;
}

/** Says whether a mail comes from where its From says. Throws `SENDER_UNPROVEN`, and `UNAVAILABLE` while DNS does not answer. */
export type ProveSender = (mail: ArrivedMail) => Promise<SenderProof>;

/** The fields that a signature is about; the types of the library do not tell them. */
const signed = z.looseObject({ signingHeaders: z.looseObject({ keys: z.string() }) });

/** Proves senders by SPF, DKIM and DMARC (RFC 7208, 6376, 7489). */
export function createProveSender({
  check,
  dns,
  name,
}: Pick<ReceivingSettings, 'check' | 'dns' | 'name'>): ProveSender {
  if (check === 'none') return async () => ({ subject: true });
  const resolver = new Resolver({ timeout: lookUpMs, tries: lookUpTries });
  if (dns !== undefined) resolver.setServers(dns);

  return async (mail) => {
    let lookUps = 0;
    let unanswered = false;
    const lookUp = async (domain: string, type: string): Promise<string[][] | string[]> => {
      if (++lookUps > mostLookUps) throw new Error('too many names to look up for one mail');
      try {
        return await resolved(resolver, domain, type);
      } catch (thrown) {
        if (isTemporary(thrown)) unanswered = true;
        throw thrown;
      }
    };
    const { raw, from, fromDomain, ip, helo, sender, relayed } = mail;
    const found = await within(
      authenticate(raw, {
        ...(relayed ? { trustReceived: true } : { ip, helo }),
        ...(sender === '' ? {} : { sender }),
        mta: name,
        minBitLength: 1024,
        resolver: lookUp,
        disableArc: true,
        disableBimi: true,
      }),
    );
    assertSame(from, found.dkim.headerFrom);
    const { dmarc, spf } = found;
    const passed = found.dkim.results.filter(({ status }) => status.result === 'pass');
    const strict = check === 'dmarc';
    const policy = strict && dmarc !== false && dmarc.status.result === 'pass' ? dmarc.alignment : undefined;
    const bySpf = strict
      ? typeof policy?.spf.result === 'string'
      : spf !== false && spf.status.result === 'pass' && spf.domain.toLowerCase() === fromDomain;
    if (bySpf) return { subject: true };
    const signer = strict ? policy?.dkim.result : fromDomain;
    const fields = passed
      .filter(({ signingDomain }) => signingDomain.toLowerCase() === signer)
      .map(signedFields)
      .filter((each) => each.includes('from'));
    if (fields.length > 0) return { subject: fields.some((each) => each.includes('subject')) };
    if (unanswered) {
      throw new PosternError('UNAVAILABLE', 'DNS does not answer, and without it nobody is proven');
    }
    throw new PosternError(
      'SENDER_UNPROVEN',
      strict
        ? `${fromDomain} does not stand for this mail: it needs a DMARC policy, and SPF or DKIM that passes for it`
        : `${fromDomain} does not stand for this mail: it needs SPF or DKIM that passes for exactly this domain`,
    );
  };
}

/** What is proven is proven of whom the library takes for the sender, and of nobody else. Throws `MAIL_INVALID`. */
function assertSame(from: string, senders: readonly string[]): void {
  if (senders.length === 1 && senders[0]?.toLowerCase() === from) return;
  throw invalidMail('its From can be read in two ways');
}

function signedFields(result: unknown): string[] {
  const read = signed.safeParse(result);
  return read.success ? read.data.signingHeaders.keys.toLowerCase().split(/\s*:\s*/) : [];
}

/** MX come as objects, which the library reads; its types do not tell. */
const records = z.custom<string[]>(Array.isArray);

async function resolved(resolver: Resolver, domain: string, type: string): Promise<string[][] | string[]> {
  switch (type) {
    case 'TXT':
      return resolver.resolveTxt(domain);
    case 'A':
      return resolver.resolve4(domain);
    case 'AAAA':
      return resolver.resolve6(domain);
    case 'PTR':
      return resolver.resolvePtr(domain);
    case 'MX':
      return records.parse(await resolver.resolveMx(domain));
    default:
      throw Object.assign(new Error(`${type} is not looked up`), { code: 'ENOTFOUND' });
  }
}

/** What may be otherwise in a moment; that there is no such name, or nothing of it, is an answer. */
function isTemporary(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
  return code !== 'ENOTFOUND' && code !== 'ENODATA' && code !== 'NXDOMAIN';
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new PosternError('UNAVAILABLE', 'it takes too long to prove the sender')),
      provenMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
