import { takeToken } from '../../auth/bearer.js';
import type { Identity } from '../../auth/identity.js';
import type { RawMetadata } from '../../rpc/call.js';
import { looseName } from '../../wire/http-proxy-fields.js';
import type { HttpHead } from '../../wire/http-proxy-head.js';
import type { LocalService } from '../routes/service.js';
import type { IdentityHeaders } from './identity-headers.js';
import { type DoorRefusal, refusalStatus, tokensDiffer, unverified } from './refusal.js';
import type { Verifier } from './service-gate.js';
import { mayNotUse } from './service-passage.js';

/** What becomes of a request that is no gRPC call. */
export type HttpVerdict =
  | {
      readonly ok: true;
      /** Undefined: nobody has shown a good token, and none is needed. */
      readonly identity: Identity | undefined;
      /** What the client has said, without what was for the hub or may be said by the hub alone. */
      readonly fields: RawMetadata;
      /** What the hub says of who calls. */
      readonly told: RawMetadata;
    }
  | { readonly ok: false; readonly identity: Identity | undefined; readonly refusal: HttpRefusal };

/** A refusal as HTTP has it. */
export interface HttpRefusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly fields: RawMetadata;
}

const tokenMissing: HttpRefusal = {
  status: 401,
  code: 'UNAUTHENTICATED',
  message: 'a caller token is missing: send it as authorization: Bearer TOKEN, or x-postern-authorization',
  fields: ['www-authenticate', 'Bearer realm="postern"'],
};

/** Decides about requests to local services that are no gRPC calls: who asks, may they, what the service is told. */
export class HttpGate {
  readonly #verifier: Verifier;
  readonly #headers: IdentityHeaders;
  readonly #isOurs = (token: string): boolean => this.#verifier.signed(token);

  constructor(verifier: Verifier, headers: IdentityHeaders) {
    this.#verifier = verifier;
    this.#headers = headers;
  }

  /** Calls back once: at once where there is no token, or one that was verified before. */
  decide(head: HttpHead, service: LocalService, decided: (verdict: HttpVerdict) => void): void {
    const wrongMethod = methodRefused(head.method, service.methods);
    const isPublic = service.access === 'public';
    const { token, differ, rest } = takeToken(head.fields, this.#isOurs);
    if (differ) {
      decided({ ok: false, identity: undefined, refusal: asHttp(tokensDiffer) });
      return;
    }
    if (token === undefined) {
      if (!isPublic) decided({ ok: false, identity: undefined, refusal: tokenMissing });
      else decided(wrongMethod ?? this.#admitted(service, rest, undefined));
      return;
    }
    const known = this.#verifier.verified(token);
    if (known !== undefined) {
      decided(wrongMethod ?? this.#judge(head, service, rest, known));
      return;
    }
    this.#verifier.verify(token).then(
      (identity) => decided(wrongMethod ?? this.#judge(head, service, rest, identity)),
      (thrown: unknown) => {
        // What a public service is shown may be meant for itself, unless it is of this hub.
        const theirs = this.#isOurs(token) ? rest : head.fields;
        if (isPublic) decided(wrongMethod ?? this.#admitted(service, theirs, undefined));
        else decided({ ok: false, identity: undefined, refusal: asHttp(unverified(thrown)) });
      },
    );
  }

  #judge(head: HttpHead, service: LocalService, fields: RawMetadata, identity: Identity): HttpVerdict {
    const { name, access, roles } = service;
    const refusal = mayNotUse({ name, access, roles }, claimedPath(name, head.method), identity);
    if (refusal !== undefined) return { ok: false, identity, refusal: asHttp(refusal) };
    return this.#admitted(service, fields, identity);
  }

  #admitted({ audience }: LocalService, fields: RawMetadata, identity: Identity | undefined): HttpVerdict {
    const told = identity === undefined ? [] : this.#headers(identity, audience);
    return { ok: true, identity, fields: withoutHubFields(fields), told };
  }
}

/**
 * What the claim `methods` of a token is compared with: it lists gRPC methods, and lets through to a service of another
 * kind where it names that as `http.NAME/METHOD`, `http.NAME/*`, `http.*` or `*`.
 */
function claimedPath(service: string, method: string): string {
  return `/http.${service}/${method}`;
}

function methodRefused(method: string, allowed: readonly string[] | undefined): HttpVerdict | undefined {
  if (allowed === undefined || allowed.includes(method)) return undefined;
  const list = allowed.join(', ');
  const message = `the method here is ${list}`;
  const refusal = { status: 405, code: 'METHOD_NOT_ALLOWED', message, fields: ['allow', list] };
  return { ok: false, identity: undefined, refusal };
}

function asHttp({ status, code, message }: DoorRefusal): HttpRefusal {
  if (status === refusalStatus.unauthenticated) {
    const fields = ['www-authenticate', 'Bearer realm="postern", error="invalid_token"'];
    return { status: 401, code, message, fields };
  }
  return { status: status === refusalStatus.permissionDenied ? 403 : 500, code, message, fields: [] };
}

/** Without what only the hub says, in any spelling that a service could take for it. */
function withoutHubFields(fields: RawMetadata): RawMetadata {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!isHubField(name)) kept.push(name, fields[i + 1] ?? '');
  }
  return kept;
}

/** True for `user_email`, and all that begins with `x-postern-`, however it is written. */
export function isHubField(name: string): boolean {
  const loose = looseName(name);
  return loose === 'user-email' || loose.startsWith('x-postern-');
}
