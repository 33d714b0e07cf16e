import type { z } from 'zod';
import { editDistance, nearest } from '../../client/nearest.js';
import { schemaAt } from './json-schema.js';
import type { Mistake, Path } from './mistake.js';
import { shown } from './quantities.js';

type Issue = z.core.$ZodIssue;

/** What a schema refused in `value`, for people: what is wrong, and what would be right. */
export function schemaMistakes(issues: readonly Issue[], value: unknown): Mistake[] {
  return issues.flatMap((issue) => mistakesOf(issue, [], value));
}

function mistakesOf(issue: Issue, around: Path, value: unknown): Mistake[] {
  const path = [...around, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], text: unknownKey(key, schemaAt(path).keys) }));
  }
  const given = valueAt(value, path);
  if (given === undefined) {
    const { description } = schemaAt(path);
    return [{ path, text: `is missing${description === undefined ? '' : `: ${startLow(description)}`}` }];
  }
  if (issue.code === 'invalid_union') {
    // Where only one form of several has the type of what is written, its mistakes are the ones to tell.
    const meant = issue.errors.filter((issues) => issues.every((one) => !aboutTheWhole(one)));
    const [only] = meant;
    if (only !== undefined && meant.length === 1) return only.flatMap((one) => mistakesOf(one, path, value));
  }
  if (issue.code === 'invalid_key') {
    return [{ path, text: issue.issues[0]?.message ?? issue.message }];
  }
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
    return [{ path, text: `must be ${typeText(issue.expected)}, not ${shown(given)}` }];
  }
  return [{ path, text: withGuess(issue.message, given) }];
}

/** A mistake of a form that says: this is another form. */
function aboutTheWhole({ code, path }: Issue): boolean {
  return path.length === 0 && ['invalid_type', 'invalid_value', 'invalid_union'].includes(code);
}

/** That a key is not known, and what may have been meant. */
export function unknownKey(key: string, known: readonly string[]): string {
  if (known.includes(key)) return 'does not go with the others here: it belongs to another type';
  const guess = likely(key, known);
  if (guess !== undefined) return `there is no such key here; did you mean '${guess}'?`;
  return `there is no such key here${known.length === 0 ? '' : `; there are ${known.join(', ')}`}`;
}

/** The one that was probably meant: two slips at most, or one in three characters of a longer name. */
export function likely(wanted: string, known: readonly string[]): string | undefined {
  if (wanted.length > 100) return undefined;
  const [best] = nearest(wanted, known, 1);
  if (best === undefined) return undefined;
  const distance = editDistance(wanted.toLowerCase(), best.toLowerCase());
  const most = best.length < 4 ? 1 : Math.max(2, Math.floor(best.length / 3));
  return distance <= most ? best : undefined;
}

/** `must be one of a, b, c` with a guess which. */
function withGuess(message: string, given: unknown): string {
  const [, list] = /^must be one of ([\w-]+(?:, [\w-]+)+)/.exec(message) ?? [];
  if (list === undefined) return message;
  const guess = typeof given === 'string' ? likely(given, list.split(', ')) : undefined;
  return `${shown(given)} ${message}${guess === undefined ? '' : `; did you mean '${guess}'?`}`;
}

function typeText(expected: string): string {
  switch (expected) {
    case 'object':
    case 'record':
      return 'a map of the form name: value';
    case 'array':
      return 'a list';
    case 'string':
      return 'text';
    case 'boolean':
      return 'true or false';
    case 'number':
    case 'int':
      return 'a number';
    default:
      return expected;
  }
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Reflect.get(at, part);
  }
  return at;
}

function startLow(text: string): string {
  return text.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
}
