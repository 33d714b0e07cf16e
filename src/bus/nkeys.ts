import { createUser, fromPublic, fromSeed, type KeyPair } from '@nats-io/nkeys';
import { PosternError } from '../errors.js';
import { NativeKeyPair, verifySignature } from './native-key-pair.js';

/** An Ed25519 key pair in the nkey form of NATS: the public key starts with `U`, the seed (secret) with `SU`. */
export interface UserKey {
  readonly publicKey: string;
  readonly seed: string;
}

/** Makes a new user key. */
export function createUserKey(): UserKey {
  const pair = new NativeKeyPair(createUser());
  return { publicKey: pair.getPublicKey(), seed: seedOf(pair) };
}

/** The public key that belongs to a seed. Throws `KEY_INVALID` on anything that is no seed; the message shows none of it. */
export function publicKeyOf(seed: string): string {
  return keyPairOf(seed).getPublicKey();
}

/** Signs `bytes` with a seed: 64 bytes, Ed25519. Throws `KEY_INVALID`. */
export function sign(seed: string, bytes: Uint8Array): Uint8Array {
  return keyPairOf(seed).sign(bytes);
}

/** Whether `signature` over `bytes` was made by the owner of `publicKey`; false, too, for anything malformed. */
export function verify(publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    // the library takes what follows a whole key for a part of it
    if (!/^[A-Z2-7]{56}$/.test(publicKey)) return false;
    return verifySignature(fromPublic(publicKey).getPublicKey(), bytes, signature);
  } catch {
    return false;
  }
}

/** The key pair of a seed, for this room's own use. Throws `KEY_INVALID`. */
export function keyPairOf(seed: string): KeyPair {
  try {
    // the library takes what follows a whole seed for a part of it
    if (!/^S[A-Z2-7]{57}$/.test(seed.trim())) throw new TypeError('wrong length or letters');
    return new NativeKeyPair(fromSeed(new TextEncoder().encode(seed.trim())));
  } catch {
    throw new PosternError('KEY_INVALID', 'this is not an nkey seed', {
      hint: 'a seed is 58 upper-case letters and digits that start with S; restore the file or let a new key be made and bound',
    });
  }
}

/** The seed of a key pair as text. */
export function seedOf(pair: KeyPair): string {
  return new TextDecoder().decode(pair.getSeed());
}
