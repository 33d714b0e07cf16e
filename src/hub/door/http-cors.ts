import type { RawMetadata } from '../../rpc/call.js';
import { getMetadata } from '../../rpc/metadata.js';
import { CorsPolicy } from '../../wire/cors.js';
import type { HttpHead } from '../../wire/http-proxy-head.js';
import type { LocalService } from '../routes/service.js';
import type { HttpRefusal } from './http-gate.js';

/** How long a browser may remember what a preflight was answered, in seconds. */
const maxAgeSeconds = 600;
/** Names of headers as a preflight lists them, at most 4,096 characters. */
const headerList = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+(?:[\t ]*,[\t ]*[A-Za-z0-9!#$%&'*+\-.^_`|~]+)*$/;
const longestHeaderList = 4_096;

/** What a request of a page of another origin comes to. */
export type CorsVerdict =
  /** The service speaks for itself, or no page asks. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'refused' }
  /** To be answered with these, 204, without a token: browsers send none then. */
  | { readonly kind: 'preflight'; readonly fields: RawMetadata }
  /** The answer says these, in place of what the service says of it. */
  | { readonly kind: 'allowed'; readonly fields: RawMetadata };

/** What a page is told that may not ask. */
export const originRefused: HttpRefusal = {
  status: 403,
  code: 'ORIGIN_REFUSED',
  message: 'pages of this origin may not ask here, or not so; see cors of the route',
  fields: [],
};

const policies = new WeakMap<LocalService, CorsPolicy>();

/** Judges by the row's list of origins; without one, the service's own answers count. */
export function judgeOrigin(head: HttpHead, service: LocalService): CorsVerdict {
  const origin = getMetadata(head.fields, 'origin');
  if (service.cors === undefined || origin === undefined) return { kind: 'silent' };
  let policy = policies.get(service);
  if (policy === undefined) {
    policy = new CorsPolicy({ origins: service.cors, maxAgeSeconds });
    policies.set(service, policy);
  }
  const verdict = policy.judge(origin, head.authority, head.secure);
  if (!verdict.ok) return { kind: 'refused' };
  const allow = verdict.allow === '' ? [] : ['access-control-allow-origin', verdict.allow];
  const method = getMetadata(head.fields, 'access-control-request-method');
  if (head.method !== 'OPTIONS' || method === undefined) {
    return { kind: 'allowed', fields: [...allow, 'vary', 'Origin'] };
  }
  const names = getMetadata(head.fields, 'access-control-request-headers') ?? '';
  const isAllowed = service.methods?.includes(method) ?? /^[A-Z]{1,32}$/.test(method);
  const isList = names === '' || (names.length <= longestHeaderList && headerList.test(names));
  if (!isAllowed || !isList) return { kind: 'refused' };
  const fields = [...allow, 'access-control-allow-methods', method];
  if (names !== '') fields.push('access-control-allow-headers', names);
  fields.push('access-control-max-age', String(maxAgeSeconds));
  return { kind: 'preflight', fields: [...fields, 'vary', 'Origin'] };
}

/** An answer of the service with what the hub says to browsers in place of what the service says. */
export function withCors(answer: RawMetadata, said: RawMetadata): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < answer.length; i += 2) {
    const name = answer[i] ?? '';
    if (!name.startsWith('access-control-')) kept.push(name, answer[i + 1] ?? '');
  }
  return [...kept, ...said];
}
