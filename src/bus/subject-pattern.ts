import { PosternError } from '../errors.js';
import type { Grant } from './subjects.js';

/** What may stand in the place of one parameter: no dot, no wildcard, no blank, no control character. */
const token = /^[^\s.*>\p{Cc}]{1,255}$/u;

interface Part {
  /** Name of the parameter, or the literal token. */
  readonly text: string;
  readonly isParameter: boolean;
}

const partsOf = new Map<string, readonly Part[]>();

/** The tokens of a pattern such as `postern.call.{to}`, parsed once per pattern. */
export function patternParts(pattern: string): readonly Part[] {
  let parts = partsOf.get(pattern);
  if (parts === undefined) {
    parts = pattern.split('.').map((text) => {
      const isParameter = text.startsWith('{') && text.endsWith('}');
      return { text: isParameter ? text.slice(1, -1) : text, isParameter };
    });
    partsOf.set(pattern, parts);
  }
  return parts;
}

/** The names of a pattern's parameters, in order. */
export function patternParameters(pattern: string): string[] {
  return patternParts(pattern)
    .filter((part) => part.isParameter)
    .map((part) => part.text);
}

/** The subject of one message. Throws `SUBJECT_INVALID` when a parameter is missing or is no subject token. */
export function fillSubject(pattern: string, params: Readonly<Record<string, string>>): string {
  return join(pattern, (name) => {
    const value = params[name];
    if (value === undefined) throw invalid(pattern, name, value);
    return value;
  });
}

/** The subject to subscribe to: parameters that are left out match anything. Throws `SUBJECT_INVALID`. */
export function filterSubject(
  pattern: string,
  params: Readonly<Partial<Record<string, string>>> = {},
): string {
  return join(pattern, (name) => params[name]);
}

/** The parameters of `subject`, or undefined when it has not the pattern's shape. */
export function parseSubject<P extends string>(
  declaration: { readonly pattern: string; readonly params?: P },
  subject: string,
): Record<P, string> | undefined {
  const parts = patternParts(declaration.pattern);
  const tokens = subject.split('.');
  if (tokens.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = tokens[index] ?? '';
    if (part.isParameter) params[part.text] = value;
    else if (part.text !== value) return undefined;
  }
  return isComplete(declaration, params) ? params : undefined;
}

function isComplete<P extends string>(
  declaration: { readonly pattern: string; readonly params?: P },
  params: Record<string, string>,
): params is Record<P, string> {
  return patternParameters(declaration.pattern).every((name) => params[name] !== undefined);
}

/** The subject, with wildcards, that a grant allows to whom `$node` and `$key` stand for. Throws `SUBJECT_INVALID`. */
export function grantedSubject(
  pattern: string,
  grant: Grant,
  self: { readonly node?: string; readonly key?: string },
): string {
  return join(pattern, (name) => {
    const word = grant === true ? '*' : (grant[name] ?? '*');
    if (word === '*') return undefined;
    if (word !== '$node' && word !== '$key') return word;
    const value = word === '$node' ? self.node : self.key;
    if (value === undefined) throw invalid(pattern, name, value);
    return value;
  });
}

/** `valueFor` undefined: any value. */
function join(pattern: string, valueFor: (name: string) => string | undefined): string {
  let subject = '';
  for (const part of patternParts(pattern)) {
    let text = part.text;
    if (part.isParameter) {
      const value = valueFor(part.text);
      if (value !== undefined && !token.test(value)) throw invalid(pattern, part.text, value);
      text = value ?? '*';
    }
    subject += subject === '' ? text : `.${text}`;
  }
  return subject;
}

function invalid(pattern: string, name: string, value: string | undefined): PosternError {
  return new PosternError(
    'SUBJECT_INVALID',
    `the subject ${pattern} needs one token for ${name}, not ${value === undefined ? 'nothing' : JSON.stringify(value)}`,
    { hint: 'a token has no blanks, dots, stars or angle brackets' },
  );
}
