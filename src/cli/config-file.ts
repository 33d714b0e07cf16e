import { readFile } from 'node:fs/promises';
import { errorText, PosternError } from '../errors.js';

/** The settings of a YAML file, not yet checked; {} for an empty one. Throws `CONFIG_UNREADABLE`, `CONFIG_INVALID`. */
export async function readConfigFile(
  file: string,
  command: readonly string[],
): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    throw new PosternError('CONFIG_UNREADABLE', `cannot read --config ${file}: ${errorText(thrown)}`, {
      exitCode: 2,
    });
  }
  // Only who has a file pays for its parser.
  const { LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { prettyErrors: false, lineCounter });
  if (document.errors.length > 0) {
    const list = document.errors.map(({ message, pos }) => {
      const { line, col } = lineCounter.linePos(pos[0]);
      return `${file}: line ${line}, column ${col}: ${message}`;
    });
    throw configInvalid(list, command);
  }
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 100 });
  } catch (thrown) {
    throw configInvalid([`${file}: ${errorText(thrown)}`], command);
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw configInvalid([`${file}: it holds no settings of the form name: value`], command);
  }
  return { ...content };
}

/** Every mistake of a command's configuration in one message. */
export function configInvalid(mistakes: readonly string[], command: readonly string[]): PosternError {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  return new PosternError(
    'CONFIG_INVALID',
    `the configuration has ${count}:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`,
    { hint: `see \`postern ${command.join(' ')} --help\` for every setting`, exitCode: 2 },
  );
}
