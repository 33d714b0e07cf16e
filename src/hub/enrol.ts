import { z } from 'zod';
import { type EnrolChallenge, enrolStatement } from '../auth/enrol-challenge.js';
import { parseJoinToken } from '../auth/join-tokens.js';
import type { BusAuthority } from '../bus/authority.js';
import { nodeName } from '../bus/messages.js';
import { verify } from '../bus/nkeys.js';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import type { NodeRegistry } from './registry.js';
import type { TokenRegistry } from './tokens.js';

/** An answer in JSON over HTTP. */
export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

const key = z.string().regex(/^U[A-Z2-7]{55}$/, 'key is no public user nkey (U and 55 more)');
const challengeBody = z.strictObject({ node: nodeName, key });
const whoBody = z.object({ node: nodeName, key });
const enrolBody = z.strictObject({
  node: nodeName,
  key,
  nonce: z.string().max(256),
  /** Base64url of 64 bytes. */
  signature: z.string().max(128),
  token: z.string().max(256).optional(),
});

/** Who wants to be let in with a key, the nonce that was signed with it, and the join token where it is new. */
export type KeyProof = z.infer<typeof enrolBody>;

/** Codes of `PosternError` that a client is told as they are, with 403. */
export const refusals = new Set([
  'TOKEN_INVALID',
  'TOKEN_USED',
  'TOKEN_EXPIRED',
  'KEY_UNKNOWN',
  'REVOKED',
  'TOO_MANY_KEYS',
]);

/** Lets agents in: a join token binds a new key to a node name, a bound key gets bus credentials at any age. */
export class Enrolment {
  readonly #challenge: EnrolChallenge;
  readonly #authority: Pick<BusAuthority, 'mint'>;
  readonly #registry: NodeRegistry;
  readonly #tokens: TokenRegistry;
  readonly #nats: readonly string[];
  readonly #natsPath: string | undefined;
  readonly #ttlSeconds: number;
  readonly #log: Logger;

  constructor(options: {
    challenge: EnrolChallenge;
    authority: Pick<BusAuthority, 'mint'>;
    registry: NodeRegistry;
    tokens: TokenRegistry;
    /** URLs of the bus that agents are told. */
    nats: readonly string[];
    /** Path of this front door where NATS is spoken over WebSocket. */
    natsPath?: string;
    ttlSeconds: number;
    log: Logger;
  }) {
    this.#challenge = options.challenge;
    this.#authority = options.authority;
    this.#registry = options.registry;
    this.#tokens = options.tokens;
    this.#nats = options.nats;
    this.#natsPath = options.natsPath;
    this.#ttlSeconds = options.ttlSeconds;
    this.#log = options.log;
  }

  /** Whether a body of either request names a key that is bound to its node, as far as is known here; proves nothing. */
  namesBoundKey(body: unknown): boolean {
    const read = whoBody.safeParse(body);
    return read.success && this.#isBound(read.data.node, read.data.key);
  }

  /** Whether the token names one that stands for a key of the node, as far as is known here; proves nothing. */
  namesBoundToken(node: string, token: string): boolean {
    const id = parseJoinToken(token)?.id;
    return id !== undefined && this.#isBound(node, standIn(id));
  }

  /** `POST /v1/enrol/challenge`: a nonce to sign. */
  giveChallenge(body: unknown): JsonAnswer {
    const read = challengeBody.safeParse(body);
    if (!read.success) return invalid(read.error);
    return { status: 200, body: this.#challenge.issue(read.data.node, read.data.key, Date.now()) };
  }

  /** `POST /v1/enrol`: credentials for who has signed the nonce and may serve the node. Never throws. */
  async enrol(body: unknown): Promise<JsonAnswer> {
    const read = enrolBody.safeParse(body);
    if (!read.success) return invalid(read.error);
    const order = read.data;
    try {
      await this.admit(order);
      return { status: 200, body: await this.#credentials(order) };
    } catch (thrown) {
      return this.#refused(order.node, thrown);
    }
  }

  /**
   * Lets a key in that was proven: it is bound to the node, or is now by the join token. Throws `PosternError`
   * `INVALID`, `TOKEN_INVALID`, `TOKEN_USED`, `TOKEN_EXPIRED`, `KEY_UNKNOWN`, `REVOKED`, `TOO_MANY_KEYS`, or what the
   * registry throws.
   */
  async admit(order: KeyProof): Promise<void> {
    this.#proveKey(order);
    await this.#bind(order);
  }

  /**
   * Lets a program in that has no key and shows its join token each time; from its first use on the token is good for
   * that alone, until it is revoked. Resolves to what stands for its key. Throws like `admit`.
   */
  async admitToken(node: string, token: string): Promise<string> {
    const id = parseJoinToken(token)?.id;
    if (id === undefined)
      throw new PosternError('TOKEN_INVALID', 'the join token is not valid for this node');
    const key = standIn(id);
    await this.#bindBy(token, node, key);
    return key;
  }

  #isBound(node: string, publicKey: string): boolean {
    return this.#registry.get(node)?.keys.some((bound) => bound.key === publicKey) ?? false;
  }

  #proveKey({ node, key: publicKey, nonce, signature }: KeyProof): void {
    if (!this.#challenge.check(nonce, node, publicKey, Date.now())) {
      throw new PosternError(
        'INVALID',
        'the nonce is not one for this node and key, or has expired: ask for a new one',
      );
    }
    if (!verify(publicKey, enrolStatement(node, nonce), Buffer.from(signature, 'base64url'))) {
      throw new PosternError('INVALID', 'the signature was not made with this key');
    }
  }

  async #bind({ node, key: publicKey, token }: KeyProof): Promise<void> {
    const boundBy = await this.#registry.tokenOfKey(node, publicKey);
    if (boundBy !== undefined) {
      await this.#mustStand(boundBy, node, publicKey);
      return;
    }
    if (token === undefined) {
      throw new PosternError(
        'KEY_UNKNOWN',
        `this key is not bound to node '${node}': a join token is needed`,
      );
    }
    const id = await this.#bindBy(token, node, publicKey);
    this.#log.info({ node, joinedWith: id }, 'a key was bound to a node');
  }

  /** Resolves to the id of the token. */
  async #bindBy(token: string, node: string, publicKey: string): Promise<string> {
    const now = Date.now();
    const { id, labels } = await this.#tokens.useJoin(token, node, publicKey, now);
    await this.#registry.bindKey(node, publicKey, id, now, labels);
    // Who has revoked the token before the key was bound has not found the key, and who does it now finds it.
    await this.#mustStand(id, node, publicKey);
    return id;
  }

  /** Bars a key whose token was revoked when nobody could know of the key yet; throws `TOKEN_INVALID` then. */
  async #mustStand(id: string, node: string, publicKey: string): Promise<void> {
    if (!(await this.#tokens.wasRevoked(id))) return;
    await this.#registry.revoke(node, publicKey, Date.now());
    throw new PosternError('TOKEN_INVALID', 'the join token was revoked');
  }

  async #credentials({ node, key: publicKey }: z.infer<typeof enrolBody>) {
    const expiresAtMs = Date.now() + this.#ttlSeconds * 1000;
    const jwt = await this.#authority.mint({
      identity: { role: 'agent', node, publicKey },
      name: `agent of ${node}`,
      ttlSeconds: this.#ttlSeconds,
    });
    const natsPath = this.#natsPath === undefined ? {} : { natsPath: this.#natsPath };
    return { node, jwt, nats: this.#nats, ...natsPath, expiresAtMs };
  }

  #refused(node: string, thrown: unknown): JsonAnswer {
    const code = thrown instanceof PosternError ? thrown.code : '';
    const message = errorText(thrown);
    if (code === 'INVALID') return { status: 400, body: { code, message } };
    if (refusals.has(code)) {
      this.#log.info({ node, code }, 'an agent was not enrolled');
      return { status: 403, body: { code, message } };
    }
    this.#log.warn({ node, err: message }, 'an agent could not be enrolled now');
    return {
      status: 503,
      body: { code: 'UNAVAILABLE', message: 'the registry of nodes can not be reached now: try again' },
    };
  }
}

/** What stands for the key of a program that shows the join token of this id each time. */
function standIn(id: string): string {
  return `token-${id}`;
}

function invalid(error: z.ZodError): JsonAnswer {
  const message = error.issues
    .map((issue) => (issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message))
    .join('; ');
  return { status: 400, body: { code: 'INVALID', message: message.slice(0, 512) } };
}
