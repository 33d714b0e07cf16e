import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { signCallerToken } from '../../../src/auth/caller-tokens.js';
import { CallerVerifier } from '../../../src/auth/caller-verifier.js';
import type { Identity } from '../../../src/auth/identity.js';
import { parseJoinToken } from '../../../src/auth/join-tokens.js';
import { PosternError } from '../../../src/errors.js';
import type { Corpus, FuzzTarget } from '../target.js';

/** Join tokens: what is taken for one is one. */
export function joinTokens(corpus: Corpus): FuzzTarget {
  return {
    seeds: corpus.tokens,
    feed(input) {
      const text = input.toString('utf8');
      const parts = parseJoinToken(text);
      if (parts !== undefined) assert.equal(`pj_${parts.id}_${parts.secret}`, text);
    },
  };
}

/** Caller tokens: a changed one is refused, or says the very same. */
export async function callerTokens(corpus: Corpus): Promise<FuzzTarget> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const identity: Identity = {
    subject: 'fuzz',
    tokenId: 'id',
    issuer: 'postern',
    roles: ['call'],
    nodes: ['cellar'],
    limits: {},
    expiresAtMs: (Math.floor(Date.now() / 1000) + 3600) * 1000,
  };
  const key = { privateKey, publicKey, retired: [], derive: () => Buffer.alloc(0) };
  const good = await signCallerToken(key, identity);
  const verifier = new CallerVerifier({ publicKey, isRevoked: () => false, remember: 10 });
  let checks: Promise<void>[] = [];
  const check = async (token: string): Promise<void> => {
    try {
      const found = await verifier.verify(token);
      assert.ok(isDeepStrictEqual(found, identity), `'${token}' says something else`);
    } catch (thrown) {
      if (!(thrown instanceof PosternError) || thrown.code !== 'UNAUTHENTICATED') throw thrown;
      assert.ok(token.length < 20 || !thrown.message.includes(token), 'the reason quotes the token');
    }
  };
  return {
    seeds: [Buffer.from(good), ...corpus.tokens],
    batch: 64,
    feed(input) {
      checks.push(check(input.toString('latin1')));
    },
    async settle() {
      const waiting = checks;
      checks = [];
      await Promise.all(waiting);
    },
  };
}
