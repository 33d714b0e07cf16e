import { z } from 'zod';

/** Labels by key, as join tokens gave them. */
export type Labels = Readonly<Record<string, string>>;

const keyText = '[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?';
/** `*` alone stands for any value; elsewhere it has no meaning, and is not allowed. */
const valueText = '(?:\\*|[^,=!*\\p{Cc}]{0,256})';
const requirementForm = new RegExp(`^(?:!(${keyText})|(${keyText})(!?=)(${valueText}))$`, 'u');
const nameForm = /^(?:\*|[a-z0-9-]{1,63}\*?)$/;
const longestSelector = 1_024;

/** One condition of a selector: the label is there (`is` undefined: with any value), or it is not. */
interface Requirement {
  readonly key: string;
  readonly negated: boolean;
  /** The value; undefined: any. */
  readonly is: string | undefined;
}

/** The conditions of `site=berlin,tier!=test,rack=*,!gpu`; undefined when it is no selector. */
export function parseSelector(text: string): readonly Requirement[] | undefined {
  if (text.length > longestSelector) return undefined;
  const requirements: Requirement[] = [];
  for (const part of text.split(',')) {
    const [, absent, key, operator, value] = requirementForm.exec(part) ?? [];
    if (absent !== undefined) requirements.push({ key: absent, negated: true, is: undefined });
    else if (key === undefined || value === undefined) return undefined;
    else requirements.push({ key, negated: operator === '!=', is: value === '*' ? undefined : value });
  }
  return requirements;
}

/** A text that can only be meant as a selector, since names of nodes hold no such signs. */
export function looksLikeSelector(text: string): boolean {
  return /[=!,]/.test(text);
}

/** One node name, `prefix*`, `*`, or a label selector. */
export const nodePattern = z
  .string()
  .min(1)
  .refine(
    (text) => (looksLikeSelector(text) ? parseSelector(text) !== undefined : nameForm.test(text)),
    'a node pattern is a node name, a prefix with * at its end, *, or labels such as site=berlin,!gpu',
  );

/** `!=` holds too where the label is not there at all. */
function holds({ key, negated, is }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  const there = value !== undefined && (is === undefined || value === is);
  return there !== negated;
}

function nameFits(pattern: string, node: string): boolean {
  return pattern.endsWith('*') ? node.startsWith(pattern.slice(0, -1)) : node === pattern;
}

/**
 * True when one of the patterns is about the node; no list at all is about every node.
 * @param labels undefined: the node is not known, and no selector fits it.
 */
export function coversNode(
  patterns: readonly string[] | undefined,
  node: string,
  labels: Labels | undefined,
): boolean {
  if (patterns === undefined) return true;
  return patterns.some((pattern) => {
    if (!looksLikeSelector(pattern)) return nameFits(pattern, node);
    return labels !== undefined && (selector(pattern)?.every((one) => holds(one, labels)) ?? false);
  });
}

/** True when no node is left out, whatever its name and labels. */
export function coversAllNodes(patterns: readonly string[] | undefined): boolean {
  return patterns?.includes('*') ?? true;
}

/** Whatever fulfils `given` fulfils `asked`. */
function implies(given: Requirement, asked: Requirement): boolean {
  if (given.key !== asked.key) return false;
  if (given.negated) return asked.negated && (given.is === undefined || given.is === asked.is);
  if (asked.negated) return given.is !== undefined && asked.is !== undefined && given.is !== asked.is;
  return asked.is === undefined || given.is === asked.is;
}

function patternCovers(held: string, wanted: string): boolean {
  if (held === wanted || held === '*') return true;
  if (looksLikeSelector(held)) {
    const narrower = looksLikeSelector(wanted) ? selector(wanted) : undefined;
    if (narrower === undefined) return false;
    return selector(held)?.every((asked) => narrower.some((given) => implies(given, asked))) ?? false;
  }
  return !looksLikeSelector(wanted) && held.endsWith('*') && wanted.startsWith(held.slice(0, -1));
}

/** True when every node that `wanted` is about is one that `held` is about, whatever nodes there will be. */
export function patternsCover(
  held: readonly string[] | undefined,
  wanted: readonly string[] | undefined,
): boolean {
  if (held === undefined) return true;
  if (wanted === undefined) return false;
  return wanted.every((pattern) => held.some((own) => patternCovers(own, pattern)));
}

/** Parsed selectors by their text: tokens repeat them. */
const parsed = new Map<string, readonly Requirement[] | undefined>();
const mostParsed = 1_024;

function selector(text: string): readonly Requirement[] | undefined {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const requirements = parseSelector(text);
  if (parsed.size >= mostParsed) parsed.clear();
  parsed.set(text, requirements);
  return requirements;
}
