import { type KeyObject, verify } from 'node:crypto';
import { join } from 'node:path';
import { loadOrCreateCallerKey } from '../../auth/caller-tokens.js';
import { readPrivateFile } from '../../private-file.js';
import { tokenFacts, tokenFactsText } from '../contexts/token-facts.js';
import { keysIn } from '../keys-directory.js';
import { type Check, fail, ok, skipped, warn } from './check.js';

/** A hub renews it a month before its end; this long after that, something is wrong. */
const soonMs = 20 * 86_400_000;

/** Whether the command line's own token on this machine is good. */
export const adminTokenCheck: Check = {
  name: 'admin token',
  async run({ data }) {
    const path = join(data, 'tokens/admin.jwt');
    const token = await readPrivateFile(path);
    const key = await readPrivateFile(join(keysIn(data), 'caller.jwk'));
    if (token === undefined) {
      if (key === undefined) return skipped('no hub has run here');
      return fail(`there is no ${path}`, 'start the hub again: it makes one');
    }
    const facts = tokenFacts(token);
    if (facts?.expiresAtMs === undefined) {
      return fail(
        `${path} holds no token`,
        `remove it: \`rm ${path}\`, and start the hub again: it makes one`,
      );
    }
    // A key that cannot be read is another check's business.
    const keys = key === undefined ? [] : await believedKeys(data).catch(() => []);
    if (keys.length > 0 && !keys.some((one) => signedBy(one, token))) {
      return fail(
        `the token in ${path} was not signed with the key of this directory`,
        `remove it: \`rm ${path}\`, and start the hub again: it makes one`,
      );
    }
    const text = tokenFactsText(facts, Date.now());
    if (facts.expiresAtMs <= Date.now()) return fail(text, 'start the hub again: it makes a new one');
    if (facts.expiresAtMs < Date.now() + soonMs) {
      return warn(text, 'start the hub again: it makes a new one, as it does by itself while it runs');
    }
    return ok(text);
  },
};

/** The key of caller tokens, and those that were replaced and are still believed. */
async function believedKeys(data: string): Promise<KeyObject[]> {
  const { publicKey, retired } = await loadOrCreateCallerKey(keysIn(data));
  return [publicKey, ...retired];
}

function signedBy(key: KeyObject, token: string): boolean {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
}
