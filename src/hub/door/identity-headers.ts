import type { Identity } from '../../auth/identity.js';
import type { RawMetadata } from '../../rpc/call.js';

/** Tells a local service who calls: names and values, added to what the caller sent. */
export type IdentityHeaders = (identity: Identity, audience: string) => RawMetadata;

/** Names that only the hub may say something under; `x-forwarded-*` are others. */
const ours: ReadonlySet<string> = new Set(['user_email', 'x-postern-assertion', 'forwarded', 'x-real-ip']);

/** The metadata without what only the hub may say; the same object when there is nothing of it. */
export function withoutIdentity(metadata: RawMetadata): RawMetadata {
  let rest: string[] | undefined;
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    const forged = ours.has(name) || name.startsWith('x-forwarded-');
    if (forged) rest ??= metadata.slice(0, i);
    else rest?.push(name, metadata[i + 1] ?? '');
  }
  return rest ?? metadata;
}

/** The address of who calls, where the issuer of the token has verified one. */
export function userEmail(identity: Identity): RawMetadata {
  return identity.email === undefined ? [] : ['user_email', identity.email];
}
