import { isSecretName, secretText } from '../../actors/secrets.js';
import { isObject } from './format.js';

const secretWords =
  'token|secret|password|passwd|passphrase|credentials?|authorization|api[_-]?key|private[_-]?key|invite|cookie';
/** `key: value` in YAML or JSON, to the end of the value. */
const secretInText = new RegExp(
  `((?:[\\w-]*(?:${secretWords})[\\w-]*)["']?[ \\t]*:[ \\t]+)("(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s,}\\]#][^,}\\]\\n#]*)`,
  'gi',
);

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

/** The same text of YAML with values left out whose key is that of a secret. */
export function redactedText(text: string): string {
  return text.replace(secretInText, (_, key: string) => `${key}${secretText}`);
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
