import { join } from 'node:path';
import { type CallerKey, signCallerToken } from '../auth/caller-tokens.js';
import type { CallerVerifier } from '../auth/caller-verifier.js';
import { hasRole, type Identity } from '../auth/identity.js';
import { readPrivateFile, replacePrivateFile } from '../private-file.js';
import type { TokenRegistry } from './tokens.js';

const dayMs = 86_400_000;
const lifeMs = 90 * dayMs;
/** A token that lives no longer than this is replaced. */
const renewBeforeMs = 30 * dayMs;

/**
 * Keeps a good admin token in `DATA/tokens/admin.jwt`, for the command line on the same machine. Throws
 * `DATA_UNUSABLE`, `STORE_UNAVAILABLE`.
 */
export async function keepAdminToken(options: {
  data: string;
  key: CallerKey;
  verifier: CallerVerifier;
  tokens: TokenRegistry;
}): Promise<void> {
  const path = join(options.data, 'tokens', 'admin.jwt');
  const present = await readPrivateFile(path);
  const nowMs = Date.now();
  if (present !== undefined && (await isGood(options.verifier, present, nowMs))) return;
  const subject = 'admin';
  const entry = await options.tokens.createCaller({ subject, createdBy: 'hub', nowMs, lifeMs });
  const identity: Identity = {
    subject,
    tokenId: entry.id,
    issuer: 'postern',
    roles: ['admin'],
    limits: {},
    expiresAtMs: entry.expiresAtMs,
  };
  await replacePrivateFile(path, `${await signCallerToken(options.key, identity)}\n`);
}

async function isGood(verifier: CallerVerifier, token: string, nowMs: number): Promise<boolean> {
  try {
    const identity = await verifier.verify(token);
    return hasRole(identity, 'admin') && identity.expiresAtMs - nowMs > renewBeforeMs;
  } catch {
    return false;
  }
}
