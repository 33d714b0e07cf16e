import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import type { Logger } from '../log.js';
import { hasRole, type Identity, type Role, roles } from './identity.js';
import { refusedToken } from './jwt-parts.js';
import { KeySet } from './key-set.js';
import { limitsClaim, narrowerLimits } from './limits.js';
import { isSafeKeysUrl, keysFrom } from './load-keys.js';
import { methodsCover } from './method-patterns.js';
import { patternsCover } from './node-patterns.js';
import { emailClaim, notUnderstood, ownIssuer, policyClaims } from './own-claims.js';
import { sessionOf } from './token-session.js';

/** The signatures that are understood. */
export const algorithms = ['EdDSA', 'ES256', 'RS256'] as const;

/** An issuer whose tokens are taken, and how much they may give at most. */
export const issuerConfig = z.strictObject({
  /** The claim `iss` of its tokens. */
  issuer: z
    .string()
    .min(1)
    .max(512)
    .refine((name) => name !== ownIssuer, `'${ownIssuer}' is the name of the hub itself`),
  /** The claim `aud` has to name it. */
  audience: z.string().min(1).max(512),
  /** Where its public keys are: a URL, or a file. */
  jwks: z
    .string()
    .refine(
      (place) => isSafeKeysUrl(place) || isAbsolute(place.replace(/^file:(?:\/\/)?/, '')),
      'is neither an https URL (http on loopback alone) nor the absolute path of a file',
    ),
  algorithms: z
    .array(z.enum(algorithms))
    .min(1)
    .default([...algorithms]),
  /** Name of the claim that holds an object with `roles`, `nodes`, `methods` and `limits`. */
  claim: z.string().min(1).max(128).default('postern'),
  /** What its tokens may do where they do not say; without it they have to say. */
  roles: z.array(z.enum(roles)).max(8).default([]),
  /** What its tokens may say at most. */
  mostRoles: z.array(z.enum(roles)).max(8).default(['call']),
  nodes: policyClaims.nodes.optional(),
  methods: policyClaims.methods.optional(),
  limits: limitsClaim.default({}),
  /** Believe the claim `email` also where `email_verified` is not there. */
  trustEmail: z.boolean().default(false),
});
export type IssuerConfig = z.infer<typeof issuerConfig>;
/** What may be left out is. */
export type IssuerConfigInput = z.input<typeof issuerConfig>;

const policy = z.strictObject({
  roles: policyClaims.roles.optional(),
  nodes: policyClaims.nodes.optional(),
  methods: policyClaims.methods.optional(),
  limits: policyClaims.limits.optional(),
});

/** An issuer beside the hub itself. */
export class TrustedIssuer {
  readonly name: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly keys: KeySet;
  readonly #config: IssuerConfig;

  constructor(config: IssuerConfig, options: { log: Logger; now?: () => number }) {
    this.name = config.issuer;
    this.audience = config.audience;
    this.algorithms = config.algorithms;
    this.#config = config;
    const log = options.log.child({ issuer: config.issuer });
    this.keys = new KeySet({ load: keysFrom(config.jwks), log, now: options.now ?? Date.now });
  }

  /**
   * Who calls, by the claims of a token that it has signed. What it has no right to say is refused, not cut down.
   * Throws `UNAUTHENTICATED`.
   */
  identity(claims: Readonly<Record<string, unknown>>, expiresAtMs: number, token: string): Identity {
    const { claim, nodes, methods, limits } = this.#config;
    const said = policy.safeParse(Object.hasOwn(claims, claim) ? claims[claim] : {});
    if (!said.success) throw notUnderstood(said.error, `${claim}.`);
    const { sub, jti } = claims;
    if (typeof sub !== 'string' || !/^\P{Cc}{1,256}$/u.test(sub)) {
      throw refusedToken('the token is not understood: claim sub is missing or malformed');
    }
    const held = this.#roles(said.data.roles);
    if (said.data.nodes !== undefined && !patternsCover(nodes, said.data.nodes)) throw this.#tooMuch('nodes');
    if (said.data.methods !== undefined && !methodsCover(methods, said.data.methods)) {
      throw this.#tooMuch('methods');
    }
    const email = this.#email(claims);
    const session = sessionOf(this.name, sub, claims);
    const nodesHeld = said.data.nodes ?? nodes;
    const methodsHeld = said.data.methods ?? methods;
    return {
      subject: sub,
      ...(email === undefined ? {} : { email }),
      tokenId: issuedTokenId(this.name, typeof jti === 'string' && jti !== '' ? jti : token),
      issuer: this.name,
      roles: held,
      ...(nodesHeld === undefined ? {} : { nodes: nodesHeld }),
      ...(methodsHeld === undefined ? {} : { methods: methodsHeld }),
      limits: narrowerLimits(limits, said.data.limits ?? {}),
      expiresAtMs,
      ...(session === undefined ? {} : { session }),
    };
  }

  #roles(said: readonly Role[] | undefined): readonly Role[] {
    const { claim, roles: otherwise, mostRoles } = this.#config;
    if (said === undefined) {
      if (otherwise.length === 0)
        throw refusedToken(`the token gives no role: claim ${claim}.roles is missing`);
      return otherwise;
    }
    if (!said.every((role) => hasRole({ roles: mostRoles }, role))) throw this.#tooMuch('roles');
    return said;
  }

  #tooMuch(name: string): Error {
    return refusedToken(
      `the token gives more than its issuer may give here: see claim ${this.#config.claim}.${name}`,
    );
  }

  /** An address that the issuer has not verified could be anybody's. */
  #email(claims: Readonly<Record<string, unknown>>): string | undefined {
    const verified = claims.email_verified ?? this.#config.trustEmail;
    const read = emailClaim.safeParse(claims.email);
    return verified === true && read.success ? read.data : undefined;
  }
}

/** Id of a token that somebody else has made, in the form of our own: 72 bits of a SHA-256. */
export function issuedTokenId(issuer: string, mark: string): string {
  return createHash('sha256').update(`${issuer}\0${mark}`).digest('hex').slice(0, 18);
}
