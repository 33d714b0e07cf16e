import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { PosternError } from '../errors.js';
import { keysIn } from './keys-directory.js';

/** Where the keys of a data directory are; making new ones would give what no server believes. Throws `NO_KEYS`. */
export async function mustHaveKeys(data: string): Promise<string> {
  const keys = keysIn(data);
  try {
    await access(join(keys, 'signing.nk'));
    return keys;
  } catch {
    throw new PosternError('NO_KEYS', `there are no keys in ${keys}`, {
      hint: 'run this on the machine of the hub, with its data directory: --data DIR',
    });
  }
}
