import { createHash } from 'node:crypto';

/** A token has at most this many characters. */
const longestToken = 128;
/** What stays of a text whose token would be longer; `~` and 16 hexadecimal digits follow. */
const keptCharacters = 100;

/**
 * Any text as one token of a subject: letters, digits and `_` stay, `.` becomes `-`, every other byte of its UTF-8 `%` and
 * two hexadecimal digits, and the empty text `-`. So `grpc.health.v1.Health` is `grpc-health-v1-Health`. What would be longer than
 * 128 characters ends with `~` and the beginning of its SHA-256 instead; only that cannot be read back.
 */
export function tokenOfText(text: string): string {
  if (text === '') return '-';
  // a token of one dash is the empty text's
  if (text === '.') return '%2E';
  let token = '';
  let inFull = true;
  for (const character of text) {
    const part = tokenPart(character);
    if (token.length + part.length > longestToken) {
      inFull = false;
      break;
    }
    token += part;
  }
  if (inFull) return token;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${token.slice(0, keptCharacters).replace(/%[0-9A-F]?$/, '')}~${hash}`;
}

/** The text that `tokenOfText` made the token of; undefined where it is too long to be read back, or none of ours. */
export function textOfToken(token: string): string | undefined {
  if (token === '-') return '';
  if (!/^(?:[A-Za-z0-9_-]|%[0-9A-F]{2})+$/.test(token)) return undefined;
  try {
    const text = decodeURIComponent(token.replaceAll('-', '.'));
    return tokenOfText(text) === token ? text : undefined;
  } catch {
    return undefined;
  }
}

function tokenPart(character: string): string {
  if (/^[A-Za-z0-9_]$/.test(character)) return character;
  if (character === '.') return '-';
  let part = '';
  for (const byte of Buffer.from(character)) part += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return part;
}
