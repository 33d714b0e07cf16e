import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { derive, type SealingKey, sealingKey } from './keys.js';

const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM: nonce, ciphertext, tag. `about` is bound to it and not stored. */
export function seal(key: Uint8Array, plain: Uint8Array, about: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(about);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined where it was not sealed with this key about this. */
export function unseal(key: Uint8Array, sealed: Uint8Array, about: Uint8Array): Buffer | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes)).setAAD(about);
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Seals to an X25519 key: the public key of a pair made for this once, and what `seal` makes of the shared secret. */
export function sealTo(to: Uint8Array, plain: Uint8Array, about: Uint8Array): Buffer | undefined {
  const once = sealingKey(randomBytes(32));
  const shared = once.shared(to);
  if (shared === undefined) return undefined;
  return Buffer.concat([once.publicKey, seal(derive(shared, 'seal', once.publicKey), plain, about)]);
}

/** Undefined where it was not sealed to this key about this. */
export function unsealFrom(key: SealingKey, sealed: Uint8Array, about: Uint8Array): Buffer | undefined {
  const from = sealed.subarray(0, 32);
  const shared = key.shared(from);
  return shared === undefined ? undefined : unseal(derive(shared, 'seal', from), sealed.subarray(32), about);
}

/** A place in a chain of message keys: whoever knows it can read this message and those after it, none before. */
export interface ChainPlace {
  readonly index: number;
  readonly chain: Buffer;
}

/** The key of the message at a place. */
export function messageKey({ chain }: ChainPlace): Buffer {
  return createHmac('sha256', chain).update('message').digest();
}

/** The next place. */
export function nextPlace({ index, chain }: ChainPlace): ChainPlace {
  return { index: index + 1, chain: createHmac('sha256', chain).update('chain').digest() };
}
