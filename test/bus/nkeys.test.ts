import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAccount, createOperator, createUser, fromPublic, fromSeed } from '@nats-io/nkeys';
import fc from 'fast-check';
import { createUserKey, keyPairOf, publicKeyOf, seedOf, sign, verify } from '../../src/bus/nkeys.js';

test('keys and signatures are those of the nkeys library, of all kinds of keys', () => {
  const kinds = fc.constantFrom(createUser, createAccount, createOperator);
  fc.assert(
    fc.property(kinds, fc.uint8Array({ maxLength: 300 }), (create, bytes) => {
      const theirs = create();
      const ours = keyPairOf(seedOf(theirs));
      assert.equal(ours.getPublicKey(), theirs.getPublicKey());
      assert.deepEqual(Buffer.from(ours.getPrivateKey()), Buffer.from(theirs.getPrivateKey()));
      assert.deepEqual(Buffer.from(ours.getSeed()), Buffer.from(theirs.getSeed()));
      const signature = ours.sign(bytes);
      assert.deepEqual(Buffer.from(signature), Buffer.from(theirs.sign(bytes)));
      assert.ok(fromPublic(ours.getPublicKey()).verify(bytes, signature));
      assert.ok(ours.verify(bytes, signature));
      assert.ok(verify(theirs.getPublicKey(), bytes, signature));
    }),
    { numRuns: 20 },
  );
});

test('a signature holds for its bytes and its key alone, and nothing malformed is one', () => {
  const { publicKey, seed } = createUserKey();
  const bytes = Buffer.from('challenge');
  const signature = sign(seed, bytes);
  assert.ok(verify(publicKey, bytes, signature));
  assert.ok(!verify(createUserKey().publicKey, bytes, signature));
  assert.ok(!verify(publicKey, Buffer.from('challengf'), signature));
  for (let at = 0; at < signature.length; at += 1) {
    const bent = Uint8Array.from(signature);
    bent[at] = (bent[at] ?? 0) ^ 1;
    assert.ok(!verify(publicKey, bytes, bent), `byte ${at}`);
  }
  for (const wrong of [new Uint8Array(0), signature.subarray(1), Buffer.concat([signature, bytes])]) {
    assert.ok(!verify(publicKey, bytes, wrong));
  }
  for (const wrong of [
    '',
    'U',
    seed,
    bent(publicKey),
    publicKey.slice(1),
    publicKey.toLowerCase(),
    `${publicKey}A`,
  ]) {
    assert.ok(!verify(wrong, bytes, signature), wrong.slice(0, 4));
  }
});

test('a made key is a user key whose seed leads back to it; what is no seed is told without showing it', () => {
  const { publicKey, seed } = createUserKey();
  assert.match(publicKey, /^U[A-Z2-7]{55}$/);
  assert.equal(publicKeyOf(`${seed}\n`), publicKey);
  assert.equal(fromSeed(Buffer.from(seed)).getPublicKey(), publicKey);
  for (const wrong of ['', publicKey, seed.slice(1), `${seed}A`, bent(seed)]) {
    assert.throws(() => publicKeyOf(wrong), { code: 'KEY_INVALID', message: 'this is not an nkey seed' });
  }
});

/** The text with another letter in its middle: the last one has bits that mean nothing. */
function bent(text: string): string {
  const at = text.length >> 1;
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
}
