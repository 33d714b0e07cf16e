import { z } from 'zod';
import { hasRole, nodesCover, type Role, roles } from '../auth/identity.js';
import { limitExceeded, limitsClaim } from '../auth/limits.js';
import { methodsCover } from '../auth/method-patterns.js';
import { emailClaim, policyClaims } from '../auth/own-claims.js';
import type { TokenEntry } from '../bus/messages.js';
import { PosternError } from '../errors.js';
import type { Limits, Token } from '../gen/postern/v1/tokens.js';
import type { Caller } from './caller-metadata.js';
import { tokenState, usersOf } from './tokens.js';

/** What a caller token allows; what is absent is not narrowed. */
export const grant = z.strictObject({
  email: emailClaim.optional(),
  roles: policyClaims.roles,
  nodes: policyClaims.nodes.optional(),
  methods: policyClaims.methods.optional(),
  limits: limitsClaim,
});
export type Grant = z.infer<typeof grant>;

const asked = z.object({
  email: z.union([z.literal(''), emailClaim]),
  roles: z.array(z.enum(roles)).max(8),
  nodes: policyClaims.nodes,
  methods: policyClaims.methods,
});

const limitsAsked = z.object({
  callsPerSecond: z.number(),
  inFlight: z.number(),
  bytesPerSecond: z.number(),
  messageBytes: z.number(),
  deadlineMs: z.number(),
});

/** What a request asks for, where the API says with an empty value that nothing is narrowed. Throws `INVALID_ARGUMENT`. */
export function grantOf(
  request: {
    roles: string[];
    nodes: string[];
    methods: string[];
    email: string;
    limits?: Limits | undefined;
  },
  defaultRoles: readonly Role[],
): Grant {
  const { email, roles: held, nodes, methods } = valid(asked.safeParse(request));
  const given = Object.entries(limitsAsked.parse(request.limits ?? noLimits)).filter(
    ([, value]) => value !== 0,
  );
  return {
    ...(email === '' ? {} : { email }),
    roles: held.length === 0 ? [...defaultRoles] : held,
    ...(nodes.length === 0 ? {} : { nodes }),
    ...(methods.length === 0 ? {} : { methods }),
    limits: valid(limitsClaim.safeParse(Object.fromEntries(given)), 'limits.'),
  };
}

/** Nobody gives away what they do not have. Throws `PERMISSION_DENIED`, naming the claim that is missing. */
export function mustHold(caller: Caller, wanted: Grant): void {
  const role = wanted.roles.find((one) => !hasRole(caller, one));
  if (role !== undefined) throw beyond(caller, `role ${role}`, 'roles');
  if (!nodesCover(caller.nodes, wanted.nodes)) throw beyond(caller, 'nodes that it may not call', 'nodes');
  if (!methodsCover(caller.methods, wanted.methods)) {
    throw beyond(caller, 'methods that it may not call', 'methods');
  }
  const limit = limitExceeded(caller.limits, wanted.limits);
  if (limit !== undefined) {
    throw beyond(caller, `more than ${caller.limits[limit]} of ${limit}`, `limits.${limit}`);
  }
}

function beyond({ subject }: Caller, what: string, claim: string): PosternError {
  return new PosternError(
    'PERMISSION_DENIED',
    `'${subject}' may not give away ${what}: see claim ${claim} of its own token`,
  );
}

function valid<T>(read: z.ZodSafeParseResult<T>, within = ''): T {
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const field = `${within}${issue?.path[0]?.toString() ?? ''}`;
  throw new PosternError('INVALID_ARGUMENT', `${field}: ${issue?.message ?? 'invalid'}`);
}

const noLimits: Limits = {
  callsPerSecond: 0,
  inFlight: 0,
  bytesPerSecond: 0,
  messageBytes: 0,
  deadlineMs: 0,
};

/** A token as the API shows it. */
export function shownToken(entry: TokenEntry, nowMs: number): Token {
  const { id, kind, subject, createdAtMs, expiresAtMs, createdBy, labels = {} } = entry;
  const allowed = entry.policy === undefined ? undefined : readGrant(entry.policy);
  return {
    id,
    kind,
    subject,
    createdAtMs,
    expiresAtMs,
    createdBy,
    state: tokenState(entry, nowMs),
    mostUses: kind === 'join' ? (entry.mostUses ?? 1) : 0,
    uses: usersOf(entry).length,
    labels,
    email: allowed?.email ?? '',
    roles: allowed?.roles ?? [],
    nodes: allowed?.nodes ?? [],
    methods: allowed?.methods ?? [],
    limits: { ...noLimits, ...present(allowed?.limits ?? {}) },
  };
}

/** Without the members that are undefined. */
function present(limits: Grant['limits']): Partial<Limits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

/** Only a hub writes it; one of another release may write what is not known here. */
function readGrant(text: string): Grant | undefined {
  const read = grant.safeParse(JSON.parse(text));
  return read.success ? read.data : undefined;
}
