import { PosternError } from '../errors.js';

/**
 * The words of a command line, as a shell tells them apart: blanks separate, quotes and backslashes keep them together.
 * Nothing is replaced: no variables, no wildcards, no `~`. Throws `COMMAND_INVALID` (exit status 2).
 */
export function commandWords(text: string): string[] {
  const words: string[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    let word = '';
    while (rest !== '' && !/^\s/.test(rest)) {
      const piece = /^'([^']*)'|^"((?:[^"\\]|\\.)*)"|^\\(.)|^([^\s'"\\]+)/s.exec(rest);
      if (piece === null) {
        throw new PosternError(
          'COMMAND_INVALID',
          `'${text}' is no command: a quote or a backslash has no end`,
          {
            exitCode: 2,
          },
        );
      }
      const [all, single, double, escaped, plain] = piece;
      word += single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? '';
      rest = rest.slice(all.length);
    }
    words.push(word);
    rest = rest.trimStart();
  }
  return words;
}
