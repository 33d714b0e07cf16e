import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { z } from 'zod';
import { PosternError } from '../errors.js';
import { loadOrCreatePrivateFile } from '../private-file.js';

const keyFile = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() });

/** The key that a token server signs with, and how others check that. */
export interface ServiceKey {
  readonly privateKey: KeyObject;
  /** Name of the key in tokens and in the set: its thumbprint (RFC 7638). */
  readonly id: string;
  /** The public key's 32 bytes, base64url. */
  readonly publicKey: string;
  /** The set of public keys, as JSON (RFC 7517). */
  readonly publicKeys: string;
}

/** Reads an Ed25519 key in JWK format, made (mode 0600) where there is none. Throws `DATA_UNUSABLE` or `KEY_INVALID`. */
export async function loadOrCreateServiceKey(path: string): Promise<ServiceKey> {
  const text = await loadOrCreatePrivateFile(path, () =>
    JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })),
  );
  try {
    const privateKey = createPrivateKey({ key: keyFile.parse(JSON.parse(text)), format: 'jwk' });
    const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
    return { privateKey, id: thumbprint(x), publicKey: x, publicKeys: keySetOf(x) };
  } catch {
    // The cause is left out: it could quote the key.
    throw new PosternError('KEY_INVALID', `${path} is not an Ed25519 key in JWK format`, {
      hint: 'restore it, or remove it to make a new key; all tokens that it signed are worthless then',
    });
  }
}

/** The set that holds one Ed25519 key, given as its 32 bytes in base64url. */
export function keySetOf(x: string): string {
  const key = { kty: 'OKP', crv: 'Ed25519', x, kid: thumbprint(x), use: 'sig', alg: 'EdDSA' };
  return JSON.stringify({ keys: [key] });
}

function thumbprint(x: string): string {
  const canonical = JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x });
  return createHash('sha256').update(canonical).digest('base64url');
}
