import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readPrivateFile, replacePrivateFile } from '../private-file.js';

/** The hub that ran before on the same data directory. */
export interface FormerHub {
  /** Its instance id: its nodes need not wait long for a new owner. */
  readonly predecessor: string | undefined;
  /** It has left as `leaveHubInstance` has it. */
  readonly endedWell: boolean;
  /** It is the one that ran last after all: the hub that took its place had to give up before it had anything to tell. */
  giveBack(): Promise<void>;
}

/** A new instance id for a hub. */
export function makeHubInstance(): string {
  return randomBytes(8).toString('hex');
}

/** Writes the instance id of this hub to `DATA/hub-instance`, and gives what was there. Throws `DATA_UNUSABLE`. */
export async function takeHubInstance(data: string, self: string): Promise<FormerHub> {
  const path = fileIn(data);
  const text = await readPrivateFile(path);
  const [before, ended] = text?.split(' ') ?? [];
  await replacePrivateFile(path, `${self}\n`);
  const predecessor = before === self || before === '' ? undefined : before;
  const giveBack = () => replacePrivateFile(path, text === undefined ? '' : `${text}\n`);
  return { predecessor, endedWell: ended === endedWord, giveBack };
}

/** The hub of this instance id has ended, and has told all that it had to tell. Throws `DATA_UNUSABLE`. */
export function leaveHubInstance(data: string, self: string): Promise<void> {
  return replacePrivateFile(fileIn(data), `${self} ${endedWord}\n`);
}

const endedWord = 'ended';

function fileIn(data: string): string {
  return join(data, 'hub-instance');
}
