import { PosternError } from '../../../errors.js';
import { normalAddress } from '../address.js';

/** Longest From, as it stands in the mail, in characters. */
const longestFrom = 1_000;
/** A mail has at most so many lines: a library that reads it takes a time that grows faster than they do. */
const mostLines = 10_000;

/** `name@example.com`, or `Name <name@example.com>`; a name with one of `"(),:;<>@[\]` in it is in quotes. */
const oneMailbox =
  /^(?:(?:"(?:[^"\\]|\\.)*"|[^"(),:;<>@[\\\]])*<([^\s"(),:;<>[\\\]]+)>|([^\s"(),:;<>[\\\]]+))$/;

/** A field of a mail's header: its name in small letters, its text on one line. */
interface Field {
  readonly name: string;
  text: string;
}

/** What the header of a mail says, where it can be read in one way alone. */
export interface MailHeader {
  /** The one address in the one From. */
  readonly from: string;
}

/**
 * Reads the header of a mail without any library, and refuses what two of them could read in two ways: whoever proves the
 * sender would prove another one. Refuses what no person has sent by themself, too. Throws `MAIL_INVALID`.
 */
export function readMailHeader(raw: Uint8Array): MailHeader {
  const fields = fieldsOf(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1'));
  const all = (name: string) => fields.filter((field) => field.name === name).map(({ text }) => text.trim());
  const [text, ...more] = all('from');
  if (text === undefined || more.length > 0) throw invalidMail('it needs one From with one address');
  const read = text.length > longestFrom ? null : oneMailbox.exec(text);
  if (read === null) {
    throw invalidMail(
      'it needs one From with one address, written as name@example.com or Name <name@example.com>',
    );
  }
  const from = normalAddress(read[1] ?? read[2] ?? '');
  if (from === undefined) throw invalidMail('its From is no address that an account can have');
  if (all('subject').length > 1) throw invalidMail('it has two Subjects');
  // Whoever gets hold of such a mail could go on writing it.
  if (all('dkim-signature').some((signature) => /(?:^|;)\s*l\s*=/i.test(signature))) {
    throw invalidMail('its DKIM signature leaves an end of it out (l=)');
  }
  // Who answers by itself repeats what strangers have written, and their codes (RFC 3834).
  const byItself =
    all('auto-submitted').some((value) => !/^no\b/i.test(value)) ||
    all('precedence').some((value) => /^(?:auto_reply|bulk|junk|list)\b/i.test(value)) ||
    ['x-autoreply', 'x-autorespond', 'x-autoresponder'].some((name) => all(name).length > 0);
  if (byItself) throw invalidMail('a program has sent it by itself');
  return { from };
}

/** A mail that is refused for good, and why. */
export function invalidMail(why: string): PosternError {
  return new PosternError('MAIL_INVALID', `the mail is refused: ${why}`);
}

function fieldsOf(mail: string): Field[] {
  if (mail.split('\n', mostLines + 1).length > mostLines) throw invalidMail(`it has over ${mostLines} lines`);
  const end = mail.indexOf('\r\n\r\n');
  const header = end < 0 ? mail.replace(/\r\n$/, '') : mail.slice(0, end);
  const fields: Field[] = [];
  for (const line of header.split('\r\n')) {
    if (/[\0\r\n]/.test(line)) throw invalidMail('its header has ends of lines that are none');
    const [, name, text = ''] = /^([!-9;-~]+):(.*)$/.exec(line) ?? [];
    const last = fields.at(-1);
    if (name !== undefined) fields.push({ name: name.toLowerCase(), text });
    else if (/^[ \t]+[^ \t]/.test(line) && last !== undefined) last.text += line;
    else throw invalidMail('its header has a line that is no field');
  }
  return fields;
}
