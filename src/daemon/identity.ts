import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { dataUnusable, readPrivateFile } from '../private-file.js';
import { createGroupKeys, type GroupKeys } from './group/group-keys.js';
import { derive, keyBytes, type SigningKey, signingKey } from './group/keys.js';
import type { Seeds } from './group/own-device.js';
import { writeDurably } from './log/durable-file.js';
import type { DurableSteps } from './log/durable-steps.js';

/** Who this daemon is. */
export interface Identity {
  readonly seeds: Seeds;
  readonly account: SigningKey;
  readonly device: SigningKey;
  /** Its key among peers. */
  readonly peer: SigningKey;
  readonly peerId: string;
  /** The group of the account's devices. */
  readonly accountGroup: GroupKeys;
}

const seed = z.base64().transform((text, context) => {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === keyBytes) return bytes;
  context.addIssue({ code: 'custom', message: `it has not ${keyBytes} bytes` });
  return z.NEVER;
});
const file = z.strictObject({ account: seed, device: seed });

/** The identity that is kept in a data directory; a new one where there is none. Throws `DATA_UNUSABLE`. */
export async function loadIdentity(data: string, steps: DurableSteps): Promise<Identity> {
  const path = join(data, 'identity.json');
  const text = await readPrivateFile(path);
  if (text !== undefined) return identityOf(parse(path, text));
  const seeds: Seeds = { account: randomBytes(keyBytes), device: randomBytes(keyBytes) };
  const kept = { account: seeds.account.toString('base64'), device: seeds.device.toString('base64') };
  await writeDurably(path, `${JSON.stringify(kept)}\n`, steps);
  return identityOf(seeds);
}

function parse(path: string, text: string): Seeds {
  try {
    return file.parse(JSON.parse(text));
  } catch (cause) {
    throw dataUnusable(path, cause);
  }
}

/** What follows from the seeds. */
export function identityOf(seeds: Seeds): Identity {
  const account = signingKey(derive(seeds.account, 'account', Buffer.alloc(0)));
  const peer = signingKey(derive(seeds.device, 'peer', Buffer.alloc(0)));
  return {
    seeds,
    account,
    device: signingKey(derive(seeds.device, 'account device', account.publicKey)),
    peer,
    peerId: peerIdOf(peer.publicKey),
    accountGroup: createGroupKeys(derive(seeds.account, 'account group', account.publicKey)),
  };
}

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** An Ed25519 key as libp2p writes it, in an identity multihash. */
const keyPrefix = '002408011220';

/** Name of a peer: base58 as libp2p's specification of peer ids has it for Ed25519 keys. */
export function peerIdOf(key: Uint8Array): string {
  let rest = BigInt(`0x${keyPrefix}${Buffer.from(key).toString('hex')}`);
  let text = '';
  for (; rest > 0n; rest /= 58n) text = `${alphabet[Number(rest % 58n)]}${text}`;
  // One leading zero byte.
  return `1${text}`;
}
