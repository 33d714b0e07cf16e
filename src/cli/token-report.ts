import { parseJoinToken } from '../auth/join-tokens.js';
import { readJwt } from '../auth/jwt-parts.js';
import { ownIdentity, ownIssuer } from '../auth/own-claims.js';
import { checkAudience, isExpired } from '../auth/token-claims.js';
import { errorText, PosternError } from '../errors.js';
import type { Limits } from '../gen/postern/v1/tokens.js';

/** What a token says of itself; nothing of it is proven. */
export interface TokenReport {
  readonly kind: 'caller' | 'join';
  /** As hubs know it; '' where somebody else has made it. */
  readonly id: string;
  /** Who is said to have signed it, and how; '' for a join token, which is not signed. */
  readonly issuer: string;
  readonly algorithm: string;
  readonly subject: string;
  readonly email: string;
  /** Empty where the token does not say; then all, for nodes and methods. */
  readonly roles: readonly string[];
  readonly nodes: readonly string[];
  readonly methods: readonly string[];
  readonly limits: Partial<Limits>;
  /** Unix time in milliseconds. */
  readonly madeAtMs: number | undefined;
  readonly expiresAtMs: number | undefined;
  readonly expired: boolean;
  /** Why no hub of ours would take it, whoever signed it; undefined: it is well made. */
  readonly fault: string | undefined;
}

const silent = {
  issuer: '',
  algorithm: '',
  subject: '',
  email: '',
  roles: [],
  nodes: [],
  methods: [],
  limits: {},
};

/** Reads a token of either kind. Throws `TOKEN_MALFORMED`, which quotes nothing of it. */
export function reportOf(token: string, nowMs: number): TokenReport {
  const join = parseJoinToken(token);
  if (join !== undefined) {
    const times = { madeAtMs: undefined, expiresAtMs: undefined, expired: false, fault: undefined };
    return { ...silent, ...times, kind: 'join', id: join.id };
  }
  try {
    return callerReport(token, nowMs);
  } catch (thrown) {
    throw new PosternError('TOKEN_MALFORMED', errorText(thrown), {
      hint: 'check that it was copied whole: three parts with dots between them, or pj_ and two parts',
    });
  }
}

function callerReport(token: string, nowMs: number): TokenReport {
  const { header, payload } = readJwt(token);
  const expiresAtMs = timeOf(payload.exp);
  const issuer = textOf(payload.iss);
  const base = {
    ...silent,
    kind: 'caller' as const,
    id: issuer === ownIssuer ? textOf(payload.jti) : '',
    issuer,
    algorithm: textOf(header.alg),
    subject: textOf(payload.sub),
    madeAtMs: timeOf(payload.iat),
    expiresAtMs,
    expired: expiresAtMs !== undefined && isExpired(expiresAtMs, nowMs),
    fault: undefined,
  };
  if (issuer !== ownIssuer) return base;
  try {
    checkAudience(payload, ownIssuer);
    const { email = '', roles, nodes = [], methods = [], limits } = ownIdentity(payload, expiresAtMs ?? 0);
    return { ...base, email, roles, nodes, methods, limits: given(limits) };
  } catch (thrown) {
    return { ...base, fault: errorText(thrown) };
  }
}

function given(limits: object): Partial<Limits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

/** Without what would steer a terminal. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\p{Cc}/gu, '\u{fffd}').slice(0, 512) : '';
}

function timeOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= 8.64e12 ? value * 1000 : undefined;
}
