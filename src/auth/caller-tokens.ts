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
import { loadOrCreatePrivateFile, replacePrivateFile } from '../private-file.js';
import { forgetRetiredKeys, readRetiredKeys, retireKey } from '../retired-keys.js';
import type { Identity, Role } from './identity.js';
import { ownIssuer, ownPayload } from './own-claims.js';

/** The signature of the tokens that hubs make. */
export const ownAlgorithm = 'EdDSA';

/** Name of the key, and of its predecessors among the keys that were replaced. */
const callerName = 'caller';

const keyFile = z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() });

/** The key pair that signs caller tokens; all hubs of one installation share it. */
export interface CallerKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Keys that were replaced; what they have signed is still believed. */
  readonly retired: readonly KeyObject[];
  /** 32 secret bytes for another purpose, the same wherever the key is. */
  derive(purpose: string): Buffer;
}

function callerKey(jwk: z.infer<typeof keyFile>, retired: readonly string[]): CallerKey {
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return {
    privateKey,
    publicKey: createPublicKey(privateKey),
    retired: retired.map((x) => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })),
    derive: (purpose) => Buffer.from(hkdfSync('sha256', Buffer.from(jwk.d, 'base64url'), '', purpose, 32)),
  };
}

/** Reads `DIR/caller.jwk`, made at the first start. Throws `DATA_UNUSABLE` or `KEY_INVALID`. */
export function loadOrCreateCallerKey(dir: string): Promise<CallerKey> {
  return loadOrCreateSigningKey(dir, callerName);
}

/** Reads `DIR/NAME.jwk`, a key for tokens of another kind, made at the first start. Throws `DATA_UNUSABLE` or `KEY_INVALID`. */
export async function loadOrCreateSigningKey(dir: string, name: string): Promise<CallerKey> {
  const path = pathIn(dir, name);
  const text = await loadOrCreatePrivateFile(path, newKey);
  const retired = await readRetiredKeys(dir, name, Date.now());
  try {
    return callerKey(keyFile.parse(JSON.parse(text)), retired);
  } catch {
    // The cause is left out: it could quote the key.
    throw new PosternError('KEY_INVALID', `${path} is not an Ed25519 key in JWK format`, {
      hint: 'restore it, or remove it to make a new key; all tokens that it signed are worthless then',
    });
  }
}

/**
 * Makes a new key, which hubs use when they start the next time. What the old one has signed is believed for `keepMs`
 * more; with 0 it is worthless then, and so is what earlier ones have signed. Throws `DATA_UNUSABLE`, `KEY_INVALID`.
 */
export async function rotateCallerKey(dir: string, keepMs: number): Promise<void> {
  const { publicKey } = await loadOrCreateCallerKey(dir);
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const nowMs = Date.now();
  if (keepMs === 0) await forgetRetiredKeys(dir, callerName);
  else await retireKey(dir, { name: callerName, publicKey: x, untilMs: nowMs + keepMs }, nowMs);
  await replacePrivateFile(pathIn(dir, callerName), `${newKey()}\n`);
}

function pathIn(dir: string, name: string): string {
  return join(dir, `${name}.jwk`);
}

function newKey(): string {
  return JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }));
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
