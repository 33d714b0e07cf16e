import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readPrivateFile, replacePrivateFile } from '../private-file.js';

/**
 * The instance id of this hub, written to `DATA/hub-instance`, and the one of the hub that ran before on the same data
 * directory: its nodes need not wait long for a new owner. `endedWell` says that it
 * has left as `leaveHubInstance` has it. Throws `DATA_UNUSABLE`.
 */
export async function takeHubInstance(
  data: string,
  given: string | undefined,
): Promise<{ self: string; predecessor: string | undefined; endedWell: boolean }> {
  const path = fileIn(data);
  const self = given ?? randomBytes(8).toString('hex');
  const [before, ended] = (await readPrivateFile(path))?.split(' ') ?? [];
  await replacePrivateFile(path, `${self}\n`);
  const predecessor = before === self || before === '' ? undefined : before;
  return { self, predecessor, endedWell: ended === endedWord };
}

/** The hub of this instance id has ended, and has told all that it had to tell. Throws `DATA_UNUSABLE`. */
export function leaveHubInstance(data: string, self: string): Promise<void> {
  return replacePrivateFile(fileIn(data), `${self} ${endedWord}\n`);
}

const endedWord = 'ended';

function fileIn(data: string): string {
  return join(data, 'hub-instance');
}
