import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** How long a nonce can be answered, in milliseconds. */
export const challengeLifeMs = 60_000;
const randomSize = 16;
const timeSize = 6;
const macSize = 32;

/** What an agent signs with its key to prove that it holds it. */
export function enrolStatement(node: string, nonce: string): Uint8Array {
  return Buffer.from(`postern-enrol:v1:${node}:${nonce}`);
}

/**
 * Nonces that any hub with the same secret can check without remembering them: 16 random bytes, the expiry and an
 * HMAC-SHA256 over both with the node and the key that asked.
 */
export class EnrolChallenge {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** A nonce for this node and key; `nowMs` is Unix time in milliseconds. */
  issue(node: string, key: string, nowMs: number): { nonce: string; expiresAtMs: number } {
    const expiresAtMs = nowMs + challengeLifeMs;
    const open = Buffer.alloc(randomSize + timeSize);
    randomBytes(randomSize).copy(open);
    open.writeUIntBE(expiresAtMs, randomSize, timeSize);
    const nonce = Buffer.concat([open, this.#mac(open, node, key)]).toString('base64url');
    return { nonce, expiresAtMs };
  }

  /** True when the nonce was issued for this node and key and has not expired. */
  check(nonce: string, node: string, key: string, nowMs: number): boolean {
    const bytes = Buffer.from(nonce, 'base64url');
    if (bytes.length !== randomSize + timeSize + macSize) return false;
    const open = bytes.subarray(0, randomSize + timeSize);
    if (!timingSafeEqual(bytes.subarray(open.length), this.#mac(open, node, key))) return false;
    return open.readUIntBE(randomSize, timeSize) > nowMs;
  }

  #mac(open: Uint8Array, node: string, key: string): Buffer {
    return createHmac('sha256', this.#secret).update(open).update(`\0${node}\0${key}`).digest();
  }
}
