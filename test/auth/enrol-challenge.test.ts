import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { challengeLifeMs, EnrolChallenge } from '../../src/auth/enrol-challenge.js';

describe('an enrolment challenge', () => {
  const secret = randomBytes(32);
  const now = Date.now();

  it('is good for its node and key, at any hub with the secret, for a while', () => {
    const { nonce, expiresAtMs } = new EnrolChallenge(secret).issue('n1', 'UKEY', now);
    const other = new EnrolChallenge(secret);
    assert.equal(expiresAtMs, now + challengeLifeMs);
    assert.ok(other.check(nonce, 'n1', 'UKEY', now));
    assert.ok(other.check(nonce, 'n1', 'UKEY', expiresAtMs - 1));
    assert.ok(!other.check(nonce, 'n1', 'UKEY', expiresAtMs), 'expired');
    assert.ok(!other.check(nonce, 'n2', 'UKEY', now), 'another node');
    assert.ok(!other.check(nonce, 'n1', 'UKEX', now), 'another key');
    assert.ok(!new EnrolChallenge(randomBytes(32)).check(nonce, 'n1', 'UKEY', now), 'another secret');
  });

  it('cannot be changed', () => {
    const challenge = new EnrolChallenge(secret);
    const bytes = Buffer.from(challenge.issue('n1', 'UKEY', now).nonce, 'base64url');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(i) ^ 1, i);
      assert.ok(!challenge.check(changed.toString('base64url'), 'n1', 'UKEY', now), `byte ${i}`);
    }
    for (const junk of ['', 'x', 'é'.repeat(60), bytes.subarray(1).toString('base64url')]) {
      assert.ok(!challenge.check(junk, 'n1', 'UKEY', now));
    }
  });

  it('is another one each time', () => {
    const challenge = new EnrolChallenge(secret);
    assert.notEqual(challenge.issue('n1', 'UKEY', now).nonce, challenge.issue('n1', 'UKEY', now).nonce);
  });
});
