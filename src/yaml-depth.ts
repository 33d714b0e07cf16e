import { type CST, Lexer, Parser } from 'yaml';

/** Words of a text are its signs, its scalars, its comments, and the white space between them. */
const wordsAtLeast = 1 << 20;
const wordsPerValue = 16;

/** What is wrong with a YAML text before it is composed; undefined: nothing. */
export type YamlExcess = 'deep' | 'long' | undefined;

/**
 * Whether the collections of a YAML text are nested deeper than `nested`, or it is of many more words than `values` need. To be
 * asked before the text is composed, which takes much more memory than the text, and goes as deep into the stack as the text
 * does: near its end V8 gives up regular expressions with an abort of the process, which nobody can catch.
 */
export function yamlExcess(text: string, { nested, values }: YamlSize): YamlExcess {
  const mostWords = Math.max(wordsAtLeast, values * wordsPerValue);
  let words = 0;
  let open = 0;
  for (const word of new Lexer().lex(text)) {
    words += 1;
    if (words > mostWords) return 'long';
    if (word === '[' || word === '{') open += 1;
    else if (word === ']' || word === '}') open -= 1;
    if (open > nested) return 'deep';
  }
  return isShallow(text, nested) ? undefined : 'deep';
}

/** What is looked at. */
export interface YamlSize {
  readonly nested: number;
  readonly values: number;
}

function isShallow(text: string, most: number): boolean {
  for (const document of new Parser().parse(text)) {
    const open: { token: CST.Token; depth: number }[] = [{ token: document, depth: 0 }];
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
  }
  return true;
}
