import { join } from 'node:path';
import { createUserKey, publicKeyOf, type UserKey } from '../bus/nkeys.js';
import { PosternError } from '../errors.js';
import { loadOrCreatePrivateFile } from '../private-file.js';

/** File name of the key in the node's directory. */
const fileName = 'key.nk';

/**
 * The key that proves who may serve a node, from `DATA/agent/<node>/key.nk` (mode 0600); made at the first start, once
 * even when two processes start at the same time. Throws `DATA_UNUSABLE`, or `KEY_INVALID` naming the file.
 */
export async function loadOrCreateKey(data: string, node: string): Promise<UserKey> {
  const directory = join(data, 'agent', node);
  const seed = await loadOrCreatePrivateFile(join(directory, fileName), () => createUserKey().seed);
  try {
    return { publicKey: publicKeyOf(seed), seed };
  } catch (cause) {
    throw new PosternError('KEY_INVALID', `${join(directory, fileName)} holds no key`, {
      hint: 'restore the file, or remove it and bind a new key with a new join token',
      cause,
    });
  }
}
