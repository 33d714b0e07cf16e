import { join } from 'node:path';
import { createAccount, createOperator } from '@nats-io/nkeys';
import { PosternError } from '../errors.js';
import { readPrivateFile, replacePrivateFile } from '../private-file.js';
import { forgetRetiredKeys, retireKey } from '../retired-keys.js';
import { loadOrCreateAuthority, retiredSigning } from './authority.js';
import { publicKeyOf, seedOf } from './nkeys.js';

/** Keys of the bus that can be replaced where they are. The account's own key can not: what JetStream keeps is under its name. */
export const rotatedBusKeys = ['signing', 'system', 'operator'] as const;
export type RotatedBusKey = (typeof rotatedBusKeys)[number];

/**
 * Makes a new key in `directory` (`DATA/keys`), which takes effect when NATS servers have the documents that are made from
 * it. What an old `signing` key has signed, credentials of agents among it, is believed for `keepMs` more; with 0 they
 * are refused then, and agents get new ones by themselves. The other keys sign documents alone. Throws `DATA_UNUSABLE`,
 * `KEYS_INVALID`, `KEY_INVALID`.
 */
export async function rotateBusKey(directory: string, name: RotatedBusKey, keepMs: number): Promise<void> {
  const path = join(directory, `${name}.nk`);
  const seed = await readPrivateFile(path);
  if (seed === undefined) throw new PosternError('KEYS_INVALID', `there is no key ${path}`);
  // All of them are looked at first, so that none is replaced beside one that cannot be used.
  await loadOrCreateAuthority(directory);
  if (name === 'signing') {
    const nowMs = Date.now();
    if (keepMs === 0) await forgetRetiredKeys(directory, retiredSigning);
    else {
      const retired = { name: retiredSigning, publicKey: publicKeyOf(seed), untilMs: nowMs + keepMs };
      await retireKey(directory, retired, nowMs);
    }
  }
  const pair = name === 'operator' ? createOperator() : createAccount();
  await replacePrivateFile(path, `${seedOf(pair)}\n`);
}
