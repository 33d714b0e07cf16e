import {
  Composer,
  type CST,
  type Document,
  type DocumentOptions,
  type Node,
  type ParseOptions,
  type SchemaOptions,
  type YAMLError,
} from 'yaml';

/** Most mistakes that are told of one text. */
export const mostMistakes = 100;

/** A mistake in a text, where it begins. */
export interface YamlMistake {
  readonly offset: number;
  readonly text: string;
}

/** The one document of a text. Where there are mistakes, its contents are not to be used. */
export interface ComposedYaml {
  readonly contents: Node | null;
  readonly mistakes: readonly YamlMistake[];
}

class TooManyMistakes extends Error {}

/**
 * Composes the one document of a text of `length`, as the library's `parseDocument` does, but gives up at so many mistakes: of
 * each the library makes an error with a stack, and a text can hold a mistake in every sign.
 */
export function composeYaml(
  tokens: Iterable<CST.Token>,
  length: number,
  options: ParseOptions & DocumentOptions & SchemaOptions,
): ComposedYaml {
  const composer = new Composer(options);
  let mistakes = 0;
  const count = (): void => {
    mistakes += 1;
    if (mistakes > mostMistakes) throw new TooManyMistakes();
  };
  // The library asks this for each mistake that it finds, and has no other way to be stopped.
  const note: (...mistake: readonly unknown[]) => void = Reflect.get(composer, 'onError');
  Reflect.set(composer, 'onError', (...mistake: readonly unknown[]) => {
    note(...mistake);
    count();
  });
  let documents = 0;
  const further: YamlMistake[] = [];
  try {
    for (const token of tokens) {
      if (token.type === 'document') documents += 1;
      if (documents > 1) {
        further.push({ offset: token.offset, text: 'there are several documents: there can be one' });
        break;
      }
      // Those are mistakes that it asks nobody about.
      if (token.type === 'error' || (token.type === 'doc-end' && documents === 0)) count();
      composer.next(token).next();
    }
    const [document] = composer.end(true, length);
    return {
      contents: document?.contents ?? null,
      mistakes: told(document ?? composer.streamInfo(), further),
    };
  } catch (thrown) {
    if (!(thrown instanceof TooManyMistakes)) throw thrown;
    const [document] = composer.end();
    return { contents: null, mistakes: told(document ?? composer.streamInfo()) };
  }
}

/** Errors first. */
function told(
  { errors, warnings }: Pick<Document, 'errors' | 'warnings'>,
  further: readonly YamlMistake[] = [],
): YamlMistake[] {
  const plain = ({ pos, message }: YAMLError): YamlMistake => ({
    offset: pos[0],
    text: message.replace(/\p{Cc}/gu, ' '),
  });
  return [...errors.map(plain), ...further, ...warnings.map(plain)].slice(0, mostMistakes);
}
