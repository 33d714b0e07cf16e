import { type CST, Parser } from 'yaml';

/**
 * Whether the collections of a YAML text are nested no deeper than `most`. To be asked before the text is composed,
 * which goes as deep into the stack as the text does: near its end V8 gives up regular expressions with an abort of the
 * process, which nobody can catch.
 */
export function isShallowYaml(text: string, most: number): boolean {
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
