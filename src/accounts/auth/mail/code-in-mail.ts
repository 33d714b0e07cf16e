import PostalMime from 'postal-mime';
import { domainOf } from '../address.js';
import { invalidMail, readMailHeader } from './mail-header.js';

const headersBytes = 64 << 10;

/** What a mail says that matters here. */
export interface ReadMail {
  /** The one address in its one From. */
  readonly from: string;
  readonly fromDomain: string;
  readonly subject: string;
  readonly body: string;
}

/**
 * Reads a mail strictly: what could be read in two ways is refused, since whoever proves the sender could read it the other
 * way. Throws `MAIL_INVALID`.
 */
export async function readMail(raw: Uint8Array): Promise<ReadMail> {
  const { from } = readMailHeader(raw);
  const mail = await PostalMime.parse(raw, {
    maxHeadersSize: headersBytes,
    maxNestingDepth: 8,
    maxRfc822NestingDepth: 0,
    forceRfc822Attachments: true,
  }).catch(() => {
    throw invalidMail('it cannot be read');
  });
  return {
    from,
    fromDomain: domainOf(from),
    subject: mail.subject ?? '',
    body: mail.text ?? withoutTags(mail.html ?? ''),
  };
}

/** The code behind `verify:`. */
export function codeIn(text: string): string | undefined {
  return /\bverify:\s{0,8}([a-z2-7]{26})\b/i.exec(text)?.[1]?.toLowerCase();
}

/** A blank in place of each tag; in a time that grows as the text does, whatever strangers write. */
function withoutTags(html: string): string {
  const [before = '', ...behind] = html.split('<');
  return [before, ...behind.map((piece) => piece.slice(piece.indexOf('>') + 1))].join(' ');
}
