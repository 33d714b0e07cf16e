import { isIP } from 'node:net';
import { type AssertionSigner, assertionField, emailField } from '../../auth/assertion.js';
import type { Identity } from '../../auth/identity.js';
import type { RawMetadata } from '../../rpc/call.js';
import { looseName } from '../../wire/http-proxy-fields.js';

/**
 * Tells a local service who calls: names and values, added to what the caller sent. `audience`: whom an assertion is for;
 * undefined: the service has not asked for one.
 */
export type IdentityHeaders = (identity: Identity, audience: string | undefined) => RawMetadata;

/** Names that tell who calls, as `looseName` writes them. */
const ofIdentity = /^(?:user-email|x-postern-assertion)$/;
/** Names that tell where a request comes from. */
const ofProxies = /^(?:forwarded|x-real-ip|x-forwarded-.*)$/;

/** The metadata without what says who calls, however it is written; the same object when there is nothing of it. */
export function withoutIdentity(metadata: RawMetadata): RawMetadata {
  return without(metadata, ofIdentity);
}

/**
 * The metadata without what proxies say, for services that may believe it; nodes are told all that callers say of that
 * kind, as metadata like others.
 */
export function withoutProxies(metadata: RawMetadata): RawMetadata {
  return without(metadata, ofProxies);
}

/** From where a call comes, as services behind HTTP proxies are told; nothing where there is no address of a network. */
export function forwardedFor(from: string | undefined): RawMetadata {
  return from === undefined || isIP(from) === 0 ? [] : ['x-forwarded-for', from];
}

function without(metadata: RawMetadata, names: RegExp): RawMetadata {
  let rest: string[] | undefined;
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    const first = name.charCodeAt(0) | 0x20;
    // u, x, f: most names are seen to be others' by their first letter.
    const may = first === 0x75 || first === 0x78 || first === 0x66;
    if (may && names.test(looseName(name))) rest ??= metadata.slice(0, i);
    else rest?.push(name, metadata[i + 1] ?? '');
  }
  return rest ?? metadata;
}

/** The metadata with the address of who calls, as nodes are told it. */
export function withEmail(metadata: RawMetadata, identity: Identity): RawMetadata {
  return identity.email === undefined ? metadata : [...metadata, emailField, identity.email];
}

/** By their address, and by an assertion that can be verified where it is asked for. */
export function asserted(signer: AssertionSigner): IdentityHeaders {
  return (identity, audience) => {
    const email = userEmail(identity);
    if (audience === undefined) return email;
    return [...email, assertionField, signer.assertionFor(identity, audience)];
  };
}

/** The address of who calls, where the issuer of the token has verified one. */
function userEmail(identity: Identity): RawMetadata {
  return identity.email === undefined ? [] : [emailField, identity.email];
}
