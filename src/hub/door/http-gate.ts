import type { Identity } from '../../auth/identity.js';
import type { RawMetadata } from '../../rpc/call.js';
import { looseName } from '../../wire/http-proxy-fields.js';
import type { HttpHead } from '../../wire/http-proxy-head.js';
import type { LocalService } from '../routes/service.js';
import type { Authentication } from './authentication.js';
import type { IdentityHeaders } from './identity-headers.js';
import { type DoorRefusal, refusalStatus, tokenMissing } from './refusal.js';
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

/** Decides about requests to local services that are no gRPC calls: who asks, may they, what the service is told. */
export class HttpGate {
  readonly #authentication: Authentication;
  readonly #headers: IdentityHeaders;

  constructor(authentication: Authentication, headers: IdentityHeaders) {
    this.#authentication = authentication;
    this.#headers = headers;
  }

  /** Calls back once: at once where there is no token, or one that was verified before. */
  decide(head: HttpHead, service: LocalService, decided: (verdict: HttpVerdict) => void): void {
    this.#authentication.identify(head.fields, service.access === 'public', {
      identified: (identity, rest) => {
        decided(methodRefused(head.method, service.methods) ?? this.#judge(head, service, rest, identity));
      },
      unidentified: (refusal) => decided({ ok: false, identity: undefined, refusal: asHttp(refusal) }),
    });
  }

  #judge(
    head: HttpHead,
    service: LocalService,
    fields: RawMetadata,
    identity: Identity | undefined,
  ): HttpVerdict {
    const { name, access, roles, audience } = service;
    const refusal = mayNotUse({ name, access, roles }, claimedPath(name, head.method), identity);
    if (refusal !== undefined) return { ok: false, identity, refusal: asHttp(refusal) };
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

/** HTTP status by gRPC status. */
const httpStatus: ReadonlyMap<number, number> = new Map([
  [refusalStatus.unauthenticated, 401],
  [refusalStatus.permissionDenied, 403],
  [refusalStatus.resourceExhausted, 429],
]);

/** A refusal as HTTP has it: RFC 6750 §3 for tokens, RFC 6585 §4 for limits. */
export function asHttp(refusal: DoorRefusal): HttpRefusal {
  const { status, code, message, retryAfterMs } = refusal;
  const fields: string[] = [];
  if (refusal === tokenMissing) fields.push('www-authenticate', 'Bearer realm="postern"');
  else if (status === refusalStatus.unauthenticated) {
    fields.push('www-authenticate', 'Bearer realm="postern", error="invalid_token"');
  }
  if (retryAfterMs !== undefined) fields.push('retry-after', String(Math.ceil(retryAfterMs / 1000)));
  return { status: httpStatus.get(status) ?? 500, code, message, fields };
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
