import { createHash } from 'node:crypto';
import type { CodeGrant, Codes } from './codes.js';
import { redirectUri } from './config.js';
import { equalTexts } from './equal.js';
import { type Fields, twice } from './form.js';

/** Why there is no token, as RFC 6749 §5.2 names it. */
export interface ExchangeRefusal {
  readonly error: string;
  readonly description: string;
}

/**
 * RFC 7636 §4.1, but for the least length, which is 43 there: Berty's daemons make verifiers of 24 random bytes, which are
 * 32 characters.
 */
const verifierForm = /^[A-Za-z0-9._~-]{32,128}$/;

const reasons = {
  unknown: 'the code is not one of ours, or was made before a restart',
  used: 'the code was used before',
  expired: 'the code has expired',
} as const;

/** Checks the form that is sent to `/oauth/token`, and uses its code up. */
export function exchange(
  fields: Fields,
  { codes, clients }: { readonly codes: Codes; readonly clients: readonly string[] },
): CodeGrant | ExchangeRefusal {
  const invalid = (description: string): ExchangeRefusal => ({ error: 'invalid_request', description });
  for (const name of ['grant_type', 'code', 'client_id', 'code_verifier', 'redirect_uri']) {
    if (fields.get(name) === twice) return invalid(`${name} stands there twice`);
  }
  const grantType = fields.once('grant_type');
  if (grantType === undefined) return invalid('grant_type is missing');
  if (grantType !== 'authorization_code') {
    return { error: 'unsupported_grant_type', description: 'grant_type is not authorization_code' };
  }
  const code = fields.once('code');
  const client = fields.once('client_id');
  const verifier = fields.once('code_verifier');
  if (code === undefined) return invalid('code is missing');
  if (client === undefined) return invalid('client_id is missing');
  if (verifier === undefined || !verifierForm.test(verifier)) {
    return invalid('code_verifier is missing, or no verifier');
  }
  if (!clients.some((known) => equalTexts(known, client))) {
    return { error: 'invalid_client', description: 'client_id is not known here' };
  }
  const grant = codes.take(code);
  const refuse = (description: string): ExchangeRefusal => ({ error: 'invalid_grant', description });
  if (typeof grant === 'string') return refuse(reasons[grant]);
  if (!equalTexts(grant.client, client)) return refuse('the code was made for another client_id');
  const redirect = fields.once('redirect_uri');
  if (redirect !== undefined && redirect !== redirectUri)
    return refuse('redirect_uri is another than before');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  if (!equalTexts(grant.challenge, challenge)) {
    return refuse('code_verifier is not what the code was asked for with');
  }
  return grant;
}
