import { redirectUri } from './config.js';
import { equalTexts } from './equal.js';
import { type Fields, twice } from './form.js';

/** A request for a code that is well formed. */
export interface AuthorizeRequest {
  readonly client: string;
  readonly challenge: string;
  /** Names of services, each once. */
  readonly scope: readonly string[];
  readonly state: string;
}

/** Why there is no code, as RFC 6749 §4.1.2.1 names it. */
export interface AuthorizeRefusal {
  readonly error: string;
  readonly description: string;
  /** Where the answer goes: nowhere, when nobody knows whether that is a place for it. */
  readonly redirect: boolean;
  /** What was asked with; undefined where it is missing or no state. */
  readonly state: string | undefined;
}

/** Whom a token server serves, and with what. */
export interface Offer {
  readonly services: ReadonlyMap<string, string>;
  readonly clients: readonly string[];
}

/** RFC 6749 appendix A.5; the length is ours. */
const stateForm = /^[\x20-\x7e]{1,512}$/;
/** SHA-256 in base64url. */
const challengeForm = /^[A-Za-z0-9_-]{43}$/;

/** Reads the query of `/authorize`. */
export function readAuthorize(
  fields: Fields,
  { services, clients }: Offer,
): AuthorizeRequest | AuthorizeRefusal {
  const given = fields.once('state');
  const state = given !== undefined && stateForm.test(given) ? given : undefined;
  const refuse = (error: string, description: string, redirect = true): AuthorizeRefusal => ({
    error,
    description,
    redirect,
    state,
  });
  if (fields.once('redirect_uri') !== redirectUri) {
    return refuse('invalid_request', `redirect_uri is not ${redirectUri}`, false);
  }
  for (const name of ['response_type', 'client_id', 'code_challenge', 'code_challenge_method', 'scope']) {
    if (fields.get(name) === twice) return refuse('invalid_request', `${name} stands there twice`);
  }
  const client = fields.once('client_id') ?? '';
  if (!clients.some((known) => equalTexts(known, client))) {
    return refuse('unauthorized_client', 'client_id is not known here');
  }
  if (fields.once('response_type') !== 'code') {
    return refuse('unsupported_response_type', 'response_type is not code');
  }
  if (state === undefined) return refuse('invalid_request', 'state is missing, or no state');
  if (fields.once('code_challenge_method') !== 'S256') {
    return refuse('invalid_request', 'code_challenge_method is not S256');
  }
  const challenge = fields.once('code_challenge') ?? '';
  if (!challengeForm.test(challenge)) {
    return refuse('invalid_request', 'code_challenge is missing, or no SHA-256 in base64url');
  }
  const asked = fields.once('scope');
  const scope = asked === undefined ? [...services.keys()] : [...new Set(asked.split(/[ ,]+/))];
  if (!scope.every((name) => services.has(name))) {
    return refuse('invalid_scope', 'scope names a service that is not offered here');
  }
  return { client, challenge, scope, state };
}

/** The URL that tells the app how it ended. */
export function callbackUrl(fields: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, value);
  return `${redirectUri}?${query.toString()}`;
}
