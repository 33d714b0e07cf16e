import { type CST, Lexer, Parser } from 'yaml';

/** Words of a text are its signs, its scalars, its comments, and the white space between them. */
const wordsAtLeast = 1 << 18;
const wordsPerValue = 16;

/** What is looked at. */
export interface YamlSize {
  readonly nested: number;
  readonly values: number;
}

/** A text is too large to be composed: `deep`, or `long`. */
export class YamlExcess extends Error {
  readonly kind: 'deep' | 'long';

  constructor(kind: 'deep' | 'long') {
    super(`a YAML text is too ${kind}`);
    this.kind = kind;
  }
}

/**
 * The tokens of a YAML text: what is around its documents, and each document whole. Throws `YamlExcess` as soon as
 * collections are nested deeper than `nested`, or it is of many more words than `values` need: composing takes much more
 * memory than the text, and goes as deep into the stack as the text does, near whose end V8 gives up regular expressions with
 * an abort of the process, which nobody can catch.
 * @param onLine hears where each line begins
 */
export function* boundedTokens(
  text: string,
  size: YamlSize,
  onLine: (offset: number) => void,
): Generator<CST.Token, void> {
  const parser = new Parser(onLine);
  onLine(0);
  for (const word of boundedWords(text, size)) yield* shallow(parser.next(word), size.nested);
  yield* shallow(parser.end(), size.nested);
}

function* boundedWords(text: string, { nested, values }: YamlSize): Generator<string, void> {
  const mostWords = Math.max(wordsAtLeast, values * wordsPerValue);
  let words = 0;
  let commas = 0;
  let open = 0;
  for (const word of new Lexer().lex(text)) {
    words += 1;
    if (word === ',') commas += 1;
    else if (word === '[' || word === '{') open += 1;
    else if (word === ']' || word === '}') open -= 1;
    // before each comma stands a value
    if (words > mostWords || commas > values) throw new YamlExcess('long');
    if (open > nested) throw new YamlExcess('deep');
    yield word;
  }
}

function* shallow(tokens: Iterable<CST.Token>, most: number): Generator<CST.Token, void> {
  for (const token of tokens) {
    if (!isShallow(token, most)) throw new YamlExcess('deep');
    yield token;
  }
}

function isShallow(whole: CST.Token, most: number): boolean {
  const open: { token: CST.Token; depth: number }[] = [{ token: whole, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > most) return false;
    if (token.type === 'document' && token.value !== undefined) open.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    for (const { key, value } of token.items) {
      if (key !== undefined && key !== null) open.push({ token: key, depth: depth + 1 });
      if (value !== undefined) open.push({ token: value, depth: depth + 1 });
    }
  }
  return true;
}
