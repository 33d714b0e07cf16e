import { join } from 'node:path';
import { z } from 'zod';
import { PosternError } from './errors.js';
import { readPrivateFile, replacePrivateFile } from './private-file.js';

/** Keys that were replaced, and are still believed for a while. */
const retiredKeys = z
  .array(
    z.object({
      /** What it was: `caller` or `signing`. */
      name: z.string(),
      /** The public key: of `caller` as JWK's `x`, of `signing` as nkey. */
      publicKey: z.string(),
      /** Unix time in milliseconds. */
      untilMs: z.number().int(),
    }),
  )
  .max(64);
export type RetiredKey = z.infer<typeof retiredKeys>[number];

/** The keys of this name that were replaced and are still believed, the newest first. Throws `DATA_UNUSABLE`, `KEY_INVALID`. */
export async function readRetiredKeys(dir: string, name: string, nowMs: number): Promise<string[]> {
  const kept = await readAll(dir);
  return kept.filter((one) => one.name === name && one.untilMs > nowMs).map((one) => one.publicKey);
}

/** Has a key believed for a while after it is replaced; those whose time is over go. Throws as `readRetiredKeys` does. */
export async function retireKey(dir: string, key: RetiredKey, nowMs: number): Promise<void> {
  const kept = [key, ...(await readAll(dir))].filter((one) => one.untilMs > nowMs).slice(0, 64);
  await replacePrivateFile(fileIn(dir), `${JSON.stringify(kept)}\n`);
}

/** Believes no replaced key of this name any more. */
export async function forgetRetiredKeys(dir: string, name: string): Promise<void> {
  const kept = (await readAll(dir)).filter((one) => one.name !== name);
  await replacePrivateFile(fileIn(dir), `${JSON.stringify(kept)}\n`);
}

function fileIn(dir: string): string {
  return join(dir, 'retired.json');
}

async function readAll(dir: string): Promise<RetiredKey[]> {
  const text = await readPrivateFile(fileIn(dir));
  if (text === undefined) return [];
  try {
    return retiredKeys.parse(JSON.parse(text));
  } catch {
    throw new PosternError('KEY_INVALID', `${fileIn(dir)} is no list of replaced keys`, {
      hint: 'restore it, or remove it: what the replaced keys have signed is worthless then',
    });
  }
}
