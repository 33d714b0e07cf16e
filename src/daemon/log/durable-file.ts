import { dirname } from 'node:path';
import { replacePrivateFile } from '../../private-file.js';
import type { DurableSteps } from './durable-steps.js';
import { syncDirectory } from './entry-log.js';

/** Writes a small file of mode 0600 as a whole; resolves when it is on disk. Throws `DATA_UNUSABLE`. */
export async function writeDurably(path: string, content: string, steps: DurableSteps): Promise<void> {
  steps.before('file');
  await replacePrivateFile(path, content);
  await syncDirectory(dirname(path));
  steps.after('file');
}
