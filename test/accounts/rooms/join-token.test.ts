import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { TokenVerifier } from 'livekit-server-sdk';
import { joinToken, joinTokenSeconds } from '../../../src/accounts/rooms/join-token.js';

const key = { key: 'APIkey', secret: 'a secret of more than thirty-two characters' };
const asked = { room: 'Küche', identity: 'ada@example.com' };

describe('a join token', () => {
  it("is taken by LiveKit's own SDK, which reads who may join what in it", async () => {
    const verifier = new TokenVerifier(key.key, key.secret);
    const claims = await verifier.verify(await joinToken(key, asked));
    assert.equal(claims.sub, 'ada@example.com');
    assert.deepEqual(claims.video, { roomJoin: true, room: 'Küche' });
  });

  it('is good from now on for five minutes, and an id of its own', async () => {
    const nowMs = 1_800_000_000_000;
    const token = await joinToken(key, { ...asked, nowMs });
    const { iss, nbf, exp, jti } = decodeJwt(token);
    assert.deepEqual(decodeProtectedHeader(token), { alg: 'HS256', typ: 'JWT' });
    assert.equal(iss, key.key);
    assert.equal(exp, 1_800_000_000 + joinTokenSeconds);
    assert.equal(nbf, 1_800_000_000 - 10);
    assert.notEqual(jti, decodeJwt(await joinToken(key, asked)).jti);
  });

  it('is refused by the SDK with another secret, of another key, and when it is over', async () => {
    const token = await joinToken(key, asked);
    await assert.rejects(new TokenVerifier(key.key, `${key.secret}!`).verify(token));
    await assert.rejects(new TokenVerifier('other', key.secret).verify(token));
    const old = await joinToken(key, { ...asked, nowMs: Date.now() - (joinTokenSeconds + 60) * 1_000 });
    await assert.rejects(new TokenVerifier(key.key, key.secret).verify(old, 0));
  });
});
