import { readFile } from 'node:fs/promises';
import { errorText, PosternError } from '../errors.js';

/** The token that was given, itself or in a file. Throws `TOKEN_UNREADABLE` (exit status 2). */
export async function tokenOf(given: {
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
}): Promise<string | undefined> {
  const { token, tokenFile } = given;
  if (token !== undefined || tokenFile === undefined) return token?.trim();
  try {
    return (await readFile(tokenFile, 'utf8')).trim();
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
