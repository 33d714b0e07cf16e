import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { type CallerKey, loadOrCreateCallerKey, signCallerToken } from '../../src/auth/caller-tokens.js';
import { CallerVerifier } from '../../src/auth/caller-verifier.js';
import type { Identity } from '../../src/auth/identity.js';
import { clockSkewMs } from '../../src/auth/token-claims.js';
import { PosternError } from '../../src/errors.js';

const alice: Identity = {
  subject: 'alice',
  tokenId: 't1',
  issuer: 'postern',
  roles: ['call'],
  nodes: ['cellar*'],
  limits: {},
  expiresAtMs: Math.floor(Date.now() / 1000) * 1000 + 60_000,
};

function unauthenticated(reason: RegExp) {
  return (thrown: unknown) => {
    assert.ok(thrown instanceof PosternError);
    assert.equal(thrown.code, 'UNAUTHENTICATED');
    assert.match(thrown.message, reason);
    return true;
  };
}

describe('caller tokens', () => {
  let dir: string;
  let key: CallerKey;
  const verifier = (options: { revoked?: Set<string>; now?: () => number; remember?: number } = {}) =>
    new CallerVerifier({
      publicKey: key.publicKey,
      isRevoked: (id) => options.revoked?.has(id) ?? false,
      ...(options.now === undefined ? {} : { now: options.now }),
      ...(options.remember === undefined ? {} : { remember: options.remember }),
    });
  /** A token with anything in it, signed with `by`. */
  const forge = (payload: Record<string, unknown>, by: KeyObject | Uint8Array, alg = 'EdDSA') =>
    new SignJWT({
      iss: 'postern',
      aud: 'postern',
      sub: 'x',
      jti: 'x',
      roles: ['admin'],
      exp: 2_000_000_000,
      ...payload,
    })
      .setProtectedHeader({ alg })
      .sign(by);

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'postern-auth-'));
    key = await loadOrCreateCallerKey(dir);
  });
  after(() => rm(dir, { recursive: true }));

  it('are told from other JWTs by who signed them, be they good or not', async () => {
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const ours = await forge({}, key.privateKey);
    const [header = '', , signature = ''] = ours.split('.');
    const forgedPayload = Buffer.from('{"iss":"postern","sub":"y"}').toString('base64url');
    const rows: [string, boolean][] = [
      [await signCallerToken(key, alice), true],
      [await forge({ exp: 1 }, key.privateKey), true],
      [await forge({}, stranger), false],
      [await forge({ iss: 'others' }, key.privateKey), false],
      [`${header}.${forgedPayload}.${signature}`, false],
      ['a.b.c', false],
      ['', false],
      [`${ours}${'x'.repeat(8_192)}`, false],
    ];
    for (const [token, expected] of rows) assert.equal(verifier().signed(token), expected, token);
  });

  it('say who calls', async () => {
    assert.deepEqual(await verifier().verify(await signCallerToken(key, alice)), alice);
    const { nodes: _, ...everywhere } = alice;
    assert.deepEqual(await verifier().verify(await signCallerToken(key, everywhere)), everywhere);
  });

  it('are remembered once they were verified, until they expire or are revoked', async () => {
    const token = await signCallerToken(key, alice);
    let now = Date.now();
    const revoked = new Set<string>();
    const checked = verifier({ revoked, now: () => now });
    assert.equal(checked.verified(token), undefined);
    await checked.verify(token);
    assert.deepEqual(checked.verified(token), alice);

    revoked.add('t1');
    assert.equal(checked.verified(token), undefined);
    await assert.rejects(checked.verify(token), unauthenticated(/revoked/));
    revoked.delete('t1');

    await checked.verify(token);
    now = alice.expiresAtMs + clockSkewMs;
    assert.deepEqual(checked.verified(token), alice);
    now++;
    assert.equal(checked.verified(token), undefined);
    await assert.rejects(checked.verify(token), unauthenticated(/expired/));
  });

  it('are remembered up to a limit', async () => {
    const checked = verifier({ remember: 2 });
    const tokens = await Promise.all(
      ['a', 'b', 'c'].map((subject) => signCallerToken(key, { ...alice, subject })),
    );
    for (const token of tokens) await checked.verify(token);
    assert.deepEqual(
      tokens.map((token) => checked.verified(token)?.subject),
      [undefined, 'b', 'c'],
    );
  });

  it('are refused when they are not ours', async () => {
    const checked = verifier();
    const own = key.privateKey;
    const foreign = generateKeyPairSync('ed25519').privateKey;
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const good = await signCallerToken(key, alice);
    const [head, payload, signature] = good.split('.');
    const none = `${encode({ alg: 'none' })}.${payload}.`;
    const publicBytes = key.publicKey.export({ format: 'der', type: 'spki' });
    const cases: [string, string | Promise<string>, RegExp][] = [
      ['nothing', '', /not a JWT/],
      ['junk', 'abc', /not a JWT/],
      ['a huge one', 'x'.repeat(100_000), /too long/],
      ['another key', forge({}, foreign), /not signed with this hub/],
      ['alg none', none, /not a JWT/],
      ['the public key as an HMAC secret', forge({}, publicBytes, 'HS256'), /not allowed/],
      [
        'a changed payload',
        `${head}.${encode({ iss: 'postern', sub: 'root' })}.${signature}`,
        /not signed with this hub/,
      ],
      ['expired', forge({ exp: 1_000 }, own), /expired/],
      ['no expiry', forge({ exp: undefined }, own), /no expiry/],
      ['another audience', forge({ aud: 'elsewhere' }, own), /another audience/],
      ['another issuer', forge({ iss: 'elsewhere' }, own), /nobody who is trusted/],
      ['no subject', forge({ sub: undefined }, own), /claim sub is missing/],
      ['no id', forge({ jti: undefined }, own), /claim jti is missing/],
      ['an unknown role', forge({ roles: ['root'] }, own), /claim roles\.0 is/],
      ['no role', forge({ roles: [] }, own), /claim roles is/],
      ['a pattern that is none', forge({ nodes: ['a*b'] }, own), /claim nodes\.0 is/],
    ];
    for (const [name, token, reason] of cases) {
      const text = await token;
      await assert.rejects(checked.verify(text), unauthenticated(reason), name);
      assert.equal(checked.verified(text), undefined, name);
    }
    assert.equal((await checked.verify(await forge({}, own))).subject, 'x', 'the forge itself works');
  });

  it('never show up in the reason of a refusal', async () => {
    const token = await forge({ sub: 'very-secret-subject' }, generateKeyPairSync('ed25519').privateKey);
    await assert.rejects(verifier().verify(token), (thrown: unknown) => {
      assert.ok(thrown instanceof PosternError);
      const told = JSON.stringify([thrown.message, thrown.hint, thrown.cause ?? null, thrown.stack]);
      for (const part of token.split('.')) assert.ok(!told.includes(part));
      return true;
    });
  });

  it('are signed by a key that is made once, for this user alone', async () => {
    const fresh = await mkdtemp(join(tmpdir(), 'postern-auth-'));
    try {
      const keys = await Promise.all(
        Array.from({ length: 8 }, () => loadOrCreateCallerKey(join(fresh, 'keys'))),
      );
      const exported = keys.map((one) => JSON.stringify(one.publicKey.export({ format: 'jwk' })));
      assert.equal(new Set(exported).size, 1, 'all that start at once share one key');
      const path = join(fresh, 'keys', 'caller.jwk');
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      assert.deepEqual(await readdir(join(fresh, 'keys')), ['caller.jwk'], 'nothing is left over');
      const { d } = JSON.parse(await readFile(path, 'utf8'));
      assert.ok(createPrivateKey({ key: JSON.parse(await readFile(path, 'utf8')), format: 'jwk' }));

      await writeFile(path, `{"kty":"OKP","d":"${d}"}`);
      await assert.rejects(loadOrCreateCallerKey(join(fresh, 'keys')), (thrown: unknown) => {
        assert.ok(thrown instanceof PosternError);
        assert.equal(thrown.code, 'KEY_INVALID');
        assert.ok(!JSON.stringify([thrown.message, thrown.hint, thrown.cause ?? null]).includes(d));
        return true;
      });
    } finally {
      await rm(fresh, { recursive: true });
    }
  });

  it('give every hub the same secret for another purpose, and another one for another', async () => {
    const again = await loadOrCreateCallerKey(dir);
    assert.deepEqual(key.derive('a'), again.derive('a'));
    assert.notDeepEqual(key.derive('a'), key.derive('b'));
    assert.equal(key.derive('a').length, 32);
  });
});
