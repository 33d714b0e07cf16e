import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorText, PosternError } from '../../errors.js';
import { readPemFile } from '../../wire/pem-file.js';
import { type Context, checkedContextName, context } from '../contexts/context.js';
import { ContextFiles } from '../contexts/context-files.js';
import { tokenFacts } from '../contexts/token-facts.js';
import { type Input, type Invocation, requiredWord } from '../invocation.js';

/** Longest token that is read from standard input, in bytes. */
const longestToken = 16 * 1024;

/** `postern context add`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams, env } = invocation;
  const name = checkedContextName(requiredWord(invocation, 0));
  const content = await contentOf(invocation);
  const files = new ContextFiles(env);
  await files.write(name, content, options.flag('force'));
  if (options.flag('select')) await files.choose(name);
  const selected = (await files.chosen()) === name;
  streams.stderr.write(
    selected
      ? `context ${name} is made, and counts from now on\n`
      : `context ${name} is made; choose it with \`postern context use ${name}\`\n`,
  );
  if (content.token === undefined && content.tokenFile === undefined && content.data === undefined) {
    streams.stderr.write(
      'it has no token, without which a hub answers nothing: --token-file FILE, --token -, or --data DIR of its hub\n',
    );
  }
  return 0;
}

/** What was said, checked. Throws `CONTEXT_INVALID`, `TOKEN_UNREADABLE`, `TLS_FILE_UNREADABLE` (exit status 2). */
async function contentOf({ options, streams }: Invocation): Promise<Context> {
  const given = options.text('token');
  const token = given === '-' ? await readToken(streams.stdin) : given?.trim();
  const [tokenFile, hubCa, data] = ['token-file', 'hub-ca', 'data'].map((option) => {
    const path = options.text(option);
    return path === undefined ? undefined : resolve(path);
  });
  const hub = options.text('hub');
  // The data directory that a user always works with says nothing of a hub elsewhere, which would be shown its token.
  const itsData = hub === undefined || options.given('data')?.from === '--data' ? data : undefined;
  const checked = context.safeParse({ hub, token, tokenFile, hubCa, data: itsData });
  if (!checked.success) throw invalid(checked.error.issues[0]?.message ?? 'it is no context');
  if (token !== undefined && tokenFacts(token) === undefined) throw invalid('the token is no caller token');
  if (hubCa !== undefined) await readPemFile(hubCa, 'CA');
  if (tokenFile !== undefined) await mustBeReadable(tokenFile);
  return Object.fromEntries(Object.entries(checked.data).filter(([, value]) => value !== undefined));
}

async function mustBeReadable(tokenFile: string): Promise<void> {
  try {
    await access(tokenFile, constants.R_OK);
  } catch (thrown) {
    throw new PosternError(
      'TOKEN_UNREADABLE',
      `cannot read --token-file ${tokenFile}: ${errorText(thrown)}`,
      {
        exitCode: 2,
      },
    );
  }
}

async function readToken(stdin: Input): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.length > longestToken) throw invalid('what standard input gives is too long for a token');
  }
  if (text.trim() === '') throw invalid('standard input gives no token');
  return text.trim();
}

function invalid(why: string): PosternError {
  return new PosternError('CONTEXT_INVALID', `the context cannot be made: ${why}`, {
    hint: 'say --hub URL (and --token-file FILE or --token -), or --data DIR of a hub on this machine',
    exitCode: 2,
  });
}
