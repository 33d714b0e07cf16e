import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readPrivateFile, replacePrivateFile } from '../private-file.js';

/**
 * The instance id of this hub, written to `DATA/hub-instance`, and the one of the hub that ran before on the same data
 * directory: its nodes need not wait long for a new owner. Throws `DATA_UNUSABLE`.
 */
export async function takeHubInstance(
  data: string,
  given: string | undefined,
): Promise<{ self: string; predecessor: string | undefined }> {
  const path = join(data, 'hub-instance');
  const self = given ?? randomBytes(8).toString('hex');
  const before = await readPrivateFile(path);
  await replacePrivateFile(path, `${self}\n`);
  return { self, predecessor: before === self || before === '' ? undefined : before };
}
