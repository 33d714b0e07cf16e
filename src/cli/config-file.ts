import { readTextUpTo } from '../bounded-file.js';
import { errorText, PosternError } from '../errors.js';

/** What is read of a file, at most. */
const bounds = { bytes: 1 << 20, values: 50_000, deepest: 32 };

/** The settings of a YAML file, not yet checked; {} for an empty one. Throws `CONFIG_UNREADABLE`, `CONFIG_INVALID`. */
export async function readConfigFile(
  file: string,
  command: readonly string[],
): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readTextUpTo(file, bounds.bytes);
  } catch (thrown) {
    throw new PosternError('CONFIG_UNREADABLE', `cannot read --config ${file}: ${errorText(thrown)}`, {
      exitCode: 2,
    });
  }
  // Only who has a file pays for its parser.
  const { boundedYaml } = await import('../bounded-yaml.js');
  const { value: content, broken } = boundedYaml(text, bounds);
  if (broken.length > 0) {
    const list = broken.map((one) => `${file}: line ${one.line}, column ${one.column}: ${one.text}`);
    throw configInvalid(list, command);
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
