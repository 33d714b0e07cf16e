import { z } from 'zod';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { KeySet } from './key-set.js';
import { isSafeKeysUrl, keysFrom } from './load-keys.js';
import { keySetOf } from './service-key.js';

const keySet = z.object({ keys: z.array(z.object({ kty: z.string() })).min(1) });

/** 32 bytes in base64 of either alphabet. */
const keyForm = /^[A-Za-z0-9_+/-]{43}=?$/;

/**
 * Public keys of a token server whose tokens are taken, as options name them: an Ed25519 key in base64, the URL of a set of
 * keys (https, or http on this machine), or a file with such a set. Throws `KEY_INVALID` (exit status 2) for what is none of
 * these; a server at a URL may be away, and is asked when a token comes.
 */
export async function acceptedKeys(place: string, log: Logger): Promise<KeySet> {
  const invalid = (why: string): PosternError =>
    new PosternError('KEY_INVALID', `'${place}' gives no public keys: ${why}`, {
      hint: 'name an Ed25519 key in base64, https://HOST/.well-known/jwks.json, or a file with what is there',
      exitCode: 2,
    });
  const setOf = (load: () => Promise<string>): KeySet => new KeySet({ load, log, now: Date.now });
  if (keyForm.test(place)) {
    const bytes = Buffer.from(place, 'base64');
    if (bytes.length !== 32) throw invalid('it is not 32 bytes');
    return setOf(() => Promise.resolve(keySetOf(bytes.toString('base64url'))));
  }
  if (/^https?:/i.test(place)) {
    if (!isSafeKeysUrl(place)) throw invalid('http is for this machine alone');
    return setOf(keysFrom(place));
  }
  const load = keysFrom(place);
  let text: string;
  try {
    text = await load();
  } catch (cause) {
    throw invalid(errorText(cause));
  }
  // what is wrong is not quoted: it could be a private key
  if (!holdsKeys(text)) throw invalid('it holds no set of keys in JSON');
  return setOf(load);
}

function holdsKeys(text: string): boolean {
  try {
    return keySet.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
