import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { z } from 'zod';
import { PosternError } from '../errors.js';
import { loadOrCreatePrivateFile } from '../private-file.js';
import type { Identity, Role } from './identity.js';
import { ownIssuer, ownPayload } from './own-claims.js';

/** The signature of the tokens that hubs make. */
export const ownAlgorithm = 'EdDSA';

const keyFile = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() });

/** The key pair that signs caller tokens; all hubs of one installation share it. */
export interface CallerKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** 32 secret bytes for another purpose, the same wherever the key is. */
  derive(purpose: string): Buffer;
}

function callerKey(jwk: z.infer<typeof keyFile>): CallerKey {
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return {
    privateKey,
    publicKey: createPublicKey(privateKey),
    derive: (purpose) => Buffer.from(hkdfSync('sha256', Buffer.from(jwk.d, 'base64url'), '', purpose, 32)),
  };
}

/** Reads `DIR/caller.jwk`, made at the first start. Throws `DATA_UNUSABLE` or `KEY_INVALID`. */
export async function loadOrCreateCallerKey(dir: string): Promise<CallerKey> {
  const path = join(dir, 'caller.jwk');
  const text = await loadOrCreatePrivateFile(path, () =>
    JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })),
  );
  try {
    return callerKey(keyFile.parse(JSON.parse(text)));
  } catch {
    // The cause is left out: it could quote the key.
    throw new PosternError('KEY_INVALID', `${path} is not an Ed25519 key in JWK format`, {
      hint: 'restore it, or remove it to make a new key; all caller tokens that it signed are worthless then',
    });
  }
}

/** Signs a token that says what `identity` says. */
export async function signCallerToken(key: CallerKey, identity: Identity): Promise<string> {
  return new SignJWT(ownPayload(identity))
    .setProtectedHeader({ alg: ownAlgorithm, typ: 'JWT' })
    .setIssuer(ownIssuer)
    .setAudience(ownIssuer)
    .setSubject(identity.subject)
    .setJti(identity.tokenId)
    .setIssuedAt()
    .setExpirationTime(Math.floor(identity.expiresAtMs / 1000))
    .sign(key.privateKey);
}

/** The default of `roles` where a token is made without any. */
export const defaultRoles: readonly Role[] = ['call'];
