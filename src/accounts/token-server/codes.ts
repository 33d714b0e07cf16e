import { createHash, randomBytes } from 'node:crypto';

/** Default of how long a code is good, in milliseconds. */
export const defaultCodeMs = 60_000;
/** So many codes may wait to be exchanged. */
const mostCodes = 50_000;

/** What a code stands for. */
export interface CodeGrant {
  readonly client: string;
  /** SHA-256 of the verifier, base64url. */
  readonly challenge: string;
  /** Names of services. */
  readonly scope: readonly string[];
}

/** Why a code is worth nothing. */
export type CodeRefusal = 'unknown' | 'used' | 'expired';

interface Kept {
  readonly grant: CodeGrant;
  readonly expiresAtMs: number;
  used: boolean;
}

/**
 * Codes that wait to be exchanged, in memory: after a restart there are none, and whoever held one begins anew. What is kept is
 * a hash of each, so that looking one up tells nothing of it by the time it takes.
 */
export class Codes {
  readonly #lifeMs: number;
  readonly #now: () => number;
  /** By SHA-256 of the code, oldest first. */
  readonly #kept = new Map<string, Kept>();

  /** `now` counts milliseconds up. */
  constructor(lifeMs: number = defaultCodeMs, now: () => number = () => performance.now()) {
    this.#lifeMs = lifeMs;
    this.#now = now;
  }

  /** A new code; undefined where too many wait. */
  issue(grant: CodeGrant): string | undefined {
    this.#forgetOld();
    if (this.#kept.size >= mostCodes) return undefined;
    const code = randomBytes(32).toString('base64url');
    this.#kept.set(hashOf(code), { grant, expiresAtMs: this.#now() + this.#lifeMs, used: false });
    return code;
  }

  /** Uses a code up, whatever becomes of the exchange: it is good for one try. */
  take(code: string): CodeGrant | CodeRefusal {
    const kept = this.#kept.get(hashOf(code));
    if (kept === undefined) return 'unknown';
    if (kept.used) return 'used';
    kept.used = true;
    return this.#now() > kept.expiresAtMs ? 'expired' : kept.grant;
  }

  /** Codes are remembered for twice their life, so that who comes late is told so. */
  #forgetOld(): void {
    const before = this.#now() - this.#lifeMs;
    for (const [hash, { expiresAtMs }] of this.#kept) {
      if (expiresAtMs >= before) return;
      this.#kept.delete(hash);
    }
  }
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url');
}
