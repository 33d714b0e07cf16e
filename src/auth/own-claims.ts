import type { JWTPayload } from 'jose';
import { z } from 'zod';
import { type Identity, roles } from './identity.js';
import { refusedToken } from './jwt-parts.js';
import { limitsClaim } from './limits.js';
import { methodPattern } from './method-patterns.js';
import { nodePattern } from './node-patterns.js';

/** `iss` and `aud` of the tokens that hubs sign. */
export const ownIssuer = 'postern';

/** The claims that say what a caller may do. An empty list allows nothing; an absent one all. */
export const policyClaims = {
  roles: z.array(z.enum(roles)).min(1).max(8),
  nodes: z.array(nodePattern).max(64),
  methods: z.array(methodPattern).max(64),
  limits: limitsClaim,
};

/** An address of a person, as the claim `email` holds it. */
export const emailClaim = z.email().max(254);

/** All that a token of our own may say. What is not known here could be a limit that a newer hub knows. */
const ownClaims = z.strictObject({
  iss: z.literal(ownIssuer),
  aud: z.unknown(),
  exp: z.number(),
  nbf: z.number().optional(),
  iat: z.number().optional(),
  sub: z.string().min(1).max(256),
  jti: z.string().min(1).max(64),
  email: emailClaim.optional(),
  roles: policyClaims.roles,
  nodes: policyClaims.nodes.optional(),
  methods: policyClaims.methods.optional(),
  limits: policyClaims.limits.optional(),
});

/** Who calls, by the claims of a token that a hub has signed. Throws `UNAUTHENTICATED`. */
export function ownIdentity(claims: Readonly<Record<string, unknown>>, expiresAtMs: number): Identity {
  const read = ownClaims.safeParse(claims);
  if (!read.success) throw notUnderstood(read.error);
  const { sub, jti, email, roles: held, nodes, methods, limits = {} } = read.data;
  return {
    subject: sub,
    ...(email === undefined ? {} : { email }),
    tokenId: jti,
    issuer: ownIssuer,
    roles: held,
    ...(nodes === undefined ? {} : { nodes }),
    ...(methods === undefined ? {} : { methods }),
    limits,
    expiresAtMs,
  };
}

/** The claims of a token that says what `identity` says. */
export function ownPayload({ email, roles: held, nodes, methods, limits }: Identity): JWTPayload {
  return {
    ...(email === undefined ? {} : { email }),
    roles: held,
    ...(nodes === undefined ? {} : { nodes }),
    ...(methods === undefined ? {} : { methods }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

/** Names the claim, never its value: what a stranger has written is not repeated. */
export function notUnderstood(error: z.ZodError, within = ''): Error {
  const issue = error.issues[0];
  const path = issue?.path.map(String).join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    return refusedToken(`the token holds a claim that is not known${place(within || path)}`);
  }
  return refusedToken(`the token is not understood: claim ${within}${path} is missing or malformed`);
}

function place(within: string): string {
  return within === '' ? '' : ` in ${within.replace(/\.$/, '')}`;
}
