import { isSecretName, secretText, withoutSecrets } from '../../actors/secrets.js';
import { isObject } from './format.js';

const secretWords =
  'token|secret|password|passwd|passphrase|credentials?|authorization|api[_-]?key|private[_-]?key|invite|cookie';
/** `key: value` in flow style or JSON, to the end of the value. */
const secretInLine = new RegExp(
  `([\\w-]{0,64}(?:${secretWords})[\\w-]{0,64}(?:[ \\t]*:[ \\t]+|["'][ \\t]*:[ \\t]*))("(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s,}\\]#][^,}\\]\\n#]*)`,
  'gi',
);
/** A line of YAML that is a key and its value, or the beginning of it. */
const secretLine = new RegExp(
  `^([ \\t]*(?:- +){0,8})(["']?[\\w-]{0,64}(?:${secretWords})[\\w-]{0,64}["']?[ \\t]*:)(?:[ \\t].*)?$`,
  'i',
);
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*-----|$)/g;
/** A longer line is looked through for keys alone. */
const longestLooked = 4_000;

/** The same JSON with what has the name of a secret left out, also in JSON that stands in its texts (`…Json`). */
export function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, of]) => {
      if (key.endsWith('Json') && typeof of === 'string') return [key, redactedJson(of)];
      return [key, isSecret(key, of) ? secretText : redacted(of)];
    }),
  );
}

/**
 * The same text of YAML without values whose key is that of a secret, over as many lines as they go, and without what looks
 * like one.
 */
export function redactedText(text: string): string {
  const shown: string[] = [];
  /** How far the key is indented whose value goes on; a list may begin where its key does. */
  let within: { readonly indent: number; readonly isOpen: boolean } | undefined;
  for (const line of text.replace(privateKey, secretText).split('\n')) {
    const indent = line.search(/[^ \t\r]/);
    if (within !== undefined) {
      const isItem = within.isOpen && indent === within.indent && /^[ \t]*-(?:[ \t]|$)/.test(line);
      if ((indent === -1 && line !== '') || indent > within.indent || isItem) continue;
      within = undefined;
    }
    const [whole, before, key] = secretLine.exec(line) ?? [];
    if (whole === undefined || before === undefined || key === undefined) {
      const keyless = line.replace(secretInLine, (_, name: string) => `${name}${secretText}`);
      // those that are known by their looks; of what a key stood before nothing is left
      const looked = keyless !== line || line.length > longestLooked ? keyless : withoutSecrets(line);
      shown.push(looked);
      continue;
    }
    within = { indent: before.length, isOpen: whole.trimEnd().endsWith(':') };
    shown.push(`${before}${key} ${secretText}${whole.trimEnd().endsWith(',') ? ',' : ''}`);
  }
  return shown.join('\n');
}

/** Numbers and flags tell of secrets, and are none; a run's seed is what chance was drawn from. */
function isSecret(key: string, value: unknown): boolean {
  return key !== 'seed' && isSecretName(key) && (typeof value === 'string' ? value !== '' : isObject(value));
}

function redactedJson(text: string): string {
  try {
    return JSON.stringify(redacted(JSON.parse(text)));
  } catch {
    return text;
  }
}
