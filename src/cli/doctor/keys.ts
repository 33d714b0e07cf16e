import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { publicKeyOf } from '../../bus/nkeys.js';
import { readPrivateFile } from '../../private-file.js';
import { readRetiredKeys } from '../../retired-keys.js';
import { keysIn } from '../keys-directory.js';
import { type Check, fail, ok, skipped } from './check.js';

/** Nkeys of an installation, and the letter that their public keys begin with. */
const nkeys = [
  ['operator.nk', 'O'],
  ['system.nk', 'A'],
  ['account.nk', 'A'],
  ['signing.nk', 'A'],
] as const;
const callerKey = 'caller.jwk';

/** Whether the keys of the installation are there, and are keys. Nothing of them is told. */
export const keysCheck: Check = {
  name: 'keys',
  async run({ data }) {
    const directory = keysIn(data);
    const missing: string[] = [];
    const broken: string[] = [];
    for (const [name, letter] of nkeys) {
      const text = await readPrivateFile(join(directory, name));
      if (text === undefined) missing.push(name);
      else if (!isNkey(text, letter)) broken.push(name);
    }
    const jwk = await readPrivateFile(join(directory, callerKey));
    if (jwk !== undefined && !isCallerKey(jwk)) broken.push(callerKey);
    if (missing.length === nkeys.length && jwk === undefined) return skipped('no hub has run here');
    if (broken.length > 0) {
      return fail(
        `${broken.map((name) => join(directory, name)).join(', ')}: this is no key`,
        'restore it: `postern restore FILE --data DIR` from a backup of this hub',
      );
    }
    // `postern init` makes the others without it.
    if (missing.length > 0) {
      return fail(
        `${missing.map((name) => join(directory, name)).join(', ')}: missing, while others are there`,
        'restore them from a backup of this hub; new ones would lock every agent out',
      );
    }
    // Throws where a hub would, when it starts.
    await readRetiredKeys(directory, 'caller', Date.now());
    return ok(`${nkeys.length + (jwk === undefined ? 0 : 1)} in ${directory}`);
  },
};

function isNkey(seed: string, letter: string): boolean {
  try {
    return publicKeyOf(seed).startsWith(letter);
  } catch {
    return false;
  }
}

function isCallerKey(text: string): boolean {
  try {
    const key = createPrivateKey({ key: JSON.parse(text), format: 'jwk' });
    return key.asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}
