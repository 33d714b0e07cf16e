import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PosternError } from '../../errors.js';

/** The page's program as one script, as it was bundled. */
const file = path.join(import.meta.dirname, 'page.js');

let read: string | undefined;

/** The program of the page as one script without imports; read once. Throws `REPORT_PAGE` where it was not built. */
export function pageScript(): string {
  read ??= scriptIn(file);
  return read;
}

function scriptIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new PosternError('REPORT_PAGE', `${file} cannot be read`, {
      hint: 'build anew: npm run compile',
      cause,
    });
  }
}
