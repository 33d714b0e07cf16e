import { PosternError } from '../../errors.js';
import { readPrivateFile } from '../../private-file.js';
import type { LiveKitKey } from './join-token.js';

/**
 * Key and secret, from the file with `KEY: SECRET` where one is named. Throws `CONFIG_INVALID` (exit status 2) with nothing of what
 * the file holds.
 */
export async function liveKitKey(given: {
  readonly keyFile?: string | undefined;
  readonly key?: string | undefined;
  readonly secret?: string | undefined;
}): Promise<LiveKitKey> {
  const { keyFile, key = '', secret = '' } = given;
  if (keyFile === undefined) return { key, secret };
  const text = await readPrivateFile(keyFile);
  const read = /^([^\s:]{1,256}):\s+(\S{1,1024})$/.exec(text ?? '');
  if (read?.[1] !== undefined && read[2] !== undefined) return { key: read[1], secret: read[2] };
  const why = text === undefined ? 'it is not there' : "it is not one line 'KEY: SECRET'";
  throw new PosternError('CONFIG_INVALID', `rooms.livekit.keyFile ${keyFile}: ${why}`, { exitCode: 2 });
}
