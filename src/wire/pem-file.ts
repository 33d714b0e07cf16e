import { readFile } from 'node:fs/promises';
import { errorText, PosternError } from '../errors.js';

/**
 * Reads a PEM file; `what` says what it is for, e.g. `certificate`. Throws `PosternError` `TLS_FILE_UNREADABLE`
 * (exit status 2) that names the file.
 */
export async function readPemFile(path: string, what: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.includes('-----BEGIN ')) return text;
    throw new Error('it is no PEM file: no line begins with -----BEGIN');
  } catch (cause) {
    throw new PosternError(
      'TLS_FILE_UNREADABLE',
      `cannot use the ${what} file ${path}: ${errorText(cause)}`,
      {
        hint: 'give the path of a PEM file that this user may read',
        exitCode: 2,
        cause,
      },
    );
  }
}
