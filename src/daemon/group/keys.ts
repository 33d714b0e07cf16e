import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto';

/** DER of RFC 8410 around the 32 bytes of a key. */
const privatePrefix = {
  ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
  x25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
};
const publicPrefix = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  x25519: Buffer.from('302a300506032b656e032100', 'hex'),
};

/** Bytes of every key, seed, hash and nonce but those of signatures. */
export const keyBytes = 32;
export const signatureBytes = 64;

/** An Ed25519 key that signs. */
export interface SigningKey {
  readonly publicKey: Buffer;
  sign(data: Uint8Array): Buffer;
}

/** The key of a seed of 32 bytes. */
export function signingKey(seed: Uint8Array): SigningKey {
  const key = privateKey('ed25519', seed);
  const publicKey = rawPublic(key);
  return { publicKey, sign: (data) => nodeSign(null, data, key) };
}

/** Checks signatures of one Ed25519 key. */
export type Verifier = (data: Uint8Array, signature: Uint8Array) => boolean;

/** Undefined where the bytes are no key. */
export function verifierOf(publicKey: Uint8Array): Verifier | undefined {
  const key = publicKeyOf('ed25519', publicKey);
  if (key === undefined) return undefined;
  return (data, signature) => signature.length === signatureBytes && nodeVerify(null, data, key, signature);
}

/** Whether `signature` of `data` is of the key; false also for bytes that are no key. */
export function isSignedBy(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  return verifierOf(publicKey)?.(data, signature) ?? false;
}

/** An X25519 key that opens what was sealed to it. */
export interface SealingKey {
  readonly publicKey: Buffer;
  /** The secret that it shares with the holder of another key; undefined where the bytes are no key. */
  shared(other: Uint8Array): Buffer | undefined;
}

/** The key of a seed of 32 bytes. */
export function sealingKey(seed: Uint8Array): SealingKey {
  const key = privateKey('x25519', seed);
  return {
    publicKey: rawPublic(key),
    shared: (other) => {
      const otherKey = publicKeyOf('x25519', other);
      if (otherKey === undefined) return undefined;
      try {
        return diffieHellman({ privateKey: key, publicKey: otherKey });
      } catch {
        return undefined; // a point of small order
      }
    },
  };
}

/** HKDF-SHA-256 (RFC 5869): another secret of 32 bytes for each purpose and place. */
export function derive(secret: Uint8Array, purpose: string, place: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, place, `postern daemon ${purpose}`, keyBytes));
}

function privateKey(kind: 'ed25519' | 'x25519', seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([privatePrefix[kind], seed]), format: 'der', type: 'pkcs8' });
}

function publicKeyOf(kind: 'ed25519' | 'x25519', raw: Uint8Array): KeyObject | undefined {
  if (raw.length !== keyBytes) return undefined;
  try {
    return createPublicKey({ key: Buffer.concat([publicPrefix[kind], raw]), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function rawPublic(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-keyBytes);
}
