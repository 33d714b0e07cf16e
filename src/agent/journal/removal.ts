import { dirname, join } from 'node:path';
import type { JournalFiles } from './files.js';

/** What is being removed has a name that no run and no test can have. */
const suffix = '.gone';

/**
 * Removes the directory of a journal, or of a run: a kill in the middle leaves nothing that could be taken for a journal.
 * Nothing when it is not there.
 */
export async function removeWhole(files: JournalFiles, path: string): Promise<void> {
  const gone = `${path}${suffix}`;
  await files.remove(gone);
  await files.rename(path, gone);
  await files.syncDirectory(dirname(path));
  await files.remove(gone);
}

/** Ends the removals in a directory that a kill has cut off. */
export async function endRemovals(files: JournalFiles, directory: string): Promise<void> {
  for (const name of await files.list(directory)) {
    if (name.endsWith(suffix)) await files.remove(join(directory, name));
  }
}
