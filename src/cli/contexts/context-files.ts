import { open, readdir, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { nearest } from '../../client/nearest.js';
import { errorText, PosternError } from '../../errors.js';
import {
  createPrivateFile,
  hasErrorCode,
  makePrivateDirectory,
  replacePrivateFile,
} from '../../private-file.js';
import { type Context, checkedContextName, context, contextText, isContextName } from './context.js';

/** Longest file of a context, in bytes; tokens have at most 8 KiB. */
const longestFile = 64 * 1024;
const ending = '.yaml';
/** Whoever is not the owner may do nothing with a file that holds a token. */
const othersMask = 0o077;

/** Where the contexts of this user lie. */
export class ContextFiles {
  readonly directory: string;
  /** File with the name of the one that was chosen. */
  readonly chosenFile: string;

  constructor(env: NodeJS.ProcessEnv) {
    const said = env.XDG_CONFIG_HOME;
    // The XDG rules say to ignore a relative path.
    const config = said?.startsWith('/') ? said : join(homedir(), '.config');
    this.directory = join(config, 'postern', 'contexts');
    this.chosenFile = join(config, 'postern', 'context');
  }

  /** The file of a context. Throws `CONTEXT_INVALID`. */
  pathOf(name: string): string {
    return join(this.directory, checkedContextName(name) + ending);
  }

  /** Names of all contexts, sorted. Throws `CONTEXT_UNREADABLE`. */
  async names(): Promise<string[]> {
    try {
      const files = (await readdir(this.directory)).filter((file) => file.endsWith(ending));
      return files
        .map((file) => file.slice(0, -ending.length))
        .filter(isContextName)
        .sort();
    } catch (thrown) {
      if (isAbsent(thrown)) return [];
      throw unreadable(this.directory, errorText(thrown));
    }
  }

  /**
   * What a context says. Throws `CONTEXT_INVALID`, `CONTEXT_UNREADABLE`, `CONTEXT_EXPOSED` for one with a token that
   * others than its owner can read, and `CONTEXT_UNKNOWN` with the names that are like it (all exit status 2).
   * @param from who named it, for the message.
   */
  async read(name: string, from = ''): Promise<Context> {
    const path = this.pathOf(name);
    const found = await readOwn(path);
    if (found === undefined) throw await this.#unknown(name, from);
    const parsed = context.safeParse(await parsedYaml(path, found.text));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
      throw unreadable(path, `${where}${issue?.message ?? 'it is no context'}`);
    }
    if (parsed.data.token !== undefined && (found.mode & othersMask) !== 0) {
      throw new PosternError('CONTEXT_EXPOSED', `other users of this machine can read the token in ${path}`, {
        hint: `if nobody has: chmod 600 ${path}; else revoke that token and make a new one`,
        exitCode: 2,
      });
    }
    return parsed.data;
  }

  /** Writes a context, mode 0600. Throws `CONTEXT_EXISTS` unless it may be replaced. */
  async write(name: string, content: Context, replace: boolean): Promise<void> {
    const path = this.pathOf(name);
    await makePrivateDirectory(this.directory);
    const text = await contextText(content);
    if (replace) return replacePrivateFile(path, text);
    if (await createPrivateFile(path, text)) return;
    throw new PosternError('CONTEXT_EXISTS', `there is a context '${name}' already`, {
      hint: `see it with \`postern context show ${name}\`, or replace it with --force`,
      exitCode: 2,
    });
  }

  /** Removes a context; resolves to whether it was the chosen one, which none is then. Throws `CONTEXT_UNKNOWN`. */
  async remove(name: string): Promise<boolean> {
    const path = this.pathOf(name);
    if ((await readOwn(path)) === undefined) throw await this.#unknown(name, '');
    const wasChosen = (await this.chosen()) === name;
    if (wasChosen) await this.choose(undefined);
    await rm(path, { force: true });
    return wasChosen;
  }

  /** The chosen context's name. Throws `CONTEXT_UNREADABLE`. */
  async chosen(): Promise<string | undefined> {
    const name = (await readOwn(this.chosenFile))?.text.trim();
    return name === '' ? undefined : name;
  }

  /** Chooses a context, or none. Throws `CONTEXT_UNKNOWN`. */
  async choose(name: string | undefined): Promise<void> {
    if (name === undefined) return rm(this.chosenFile, { force: true });
    if ((await readOwn(this.pathOf(name))) === undefined) throw await this.#unknown(name, '');
    await replacePrivateFile(this.chosenFile, `${name}\n`);
  }

  async #unknown(name: string, from: string): Promise<PosternError> {
    const like = nearest(name, await this.names());
    return new PosternError('CONTEXT_UNKNOWN', `there is no context '${name}'${from}`, {
      hint:
        like.length === 0
          ? 'make one: postern context add NAME --hub https://HOST'
          : `there is ${like.join(', ')}; make another with \`postern context add\``,
      exitCode: 2,
    });
  }
}

/** Text and mode of a file, by one descriptor; undefined where there is none. Throws `CONTEXT_UNREADABLE`. */
async function readOwn(path: string): Promise<{ text: string; mode: number } | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { mode, size } = await file.stat();
      if (size > longestFile) throw new Error(`it is longer than ${longestFile} bytes`);
      return { text: await readFile(file, 'utf8'), mode };
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw unreadable(path, errorText(thrown));
  }
}

async function parsedYaml(path: string, text: string): Promise<unknown> {
  // Only who has a context pays for its parser.
  const { boundedYaml } = await import('../../bounded-yaml.js');
  const { value, broken } = boundedYaml(text, { bytes: longestFile, values: 1_000, deepest: 8 });
  // The reader's words could quote a token.
  if (broken.length > 0) throw unreadable(path, 'it is no YAML');
  return value;
}

function isAbsent(thrown: unknown): boolean {
  return hasErrorCode(thrown, 'ENOENT') || hasErrorCode(thrown, 'ENOTDIR');
}

function unreadable(path: string, why: string): PosternError {
  return new PosternError('CONTEXT_UNREADABLE', `cannot use ${path}: ${why}`, {
    hint: 'mend the file, or remove it and make the context again with `postern context add`',
    exitCode: 2,
  });
}
