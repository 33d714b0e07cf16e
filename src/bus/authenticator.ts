import { encode } from '@nats-io/nkeys';
import type { Auth } from 'nats';
import type { BusCredentials } from './authority.js';
import { keyPairOf } from './nkeys.js';

/**
 * What NATS is shown at each connection: the credential, and a signature over the server's nonce that proves that its key
 * is ours. The client library's own would sign in JavaScript. Throws `KEY_INVALID`.
 */
export function authOf({ jwt, seed }: BusCredentials, nonce: string | undefined): Auth {
  const pair = keyPairOf(seed);
  const sig = nonce === undefined ? '' : encode(pair.sign(new TextEncoder().encode(nonce)));
  return { jwt, nkey: pair.getPublicKey(), sig };
}
