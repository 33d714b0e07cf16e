import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { decodeJwt, importJWK, jwtVerify } from 'jose';
import {
  type AssertionKeys,
  AssertionSigner,
  readAssertionKeys,
  verifyAssertion,
} from '../../src/auth/assertion.js';
import { type CallerKey, loadOrCreateCallerKey, signCallerToken } from '../../src/auth/caller-tokens.js';
import { CallerVerifier } from '../../src/auth/caller-verifier.js';
import type { Identity } from '../../src/auth/identity.js';

const start = Date.UTC(2026, 0, 1);
const ann: Identity = {
  subject: 'ann',
  email: 'ann@example.org',
  tokenId: 't1',
  issuer: 'postern',
  roles: ['call'],
  limits: {},
  expiresAtMs: start + 3_600_000,
};

describe('an assertion of who calls', () => {
  let dir: string;
  let key: CallerKey;
  let signer: AssertionSigner;
  let keys: AssertionKeys;
  let nowMs = start;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'postern-assertion-'));
    key = await loadOrCreateCallerKey(dir);
    signer = new AssertionSigner(key, () => nowMs);
    keys = readAssertionKeys(signer.publicKeys);
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const refuses = (text: string, reason: RegExp, at = nowMs, audience = 'accounts'): void => {
    assert.throws(() => verifyAssertion(text, { keys, audience, nowMs: at }), {
      code: 'UNAUTHENTICATED',
      message: reason,
    });
  };
  /** With a header and claims of our own, signed with the right key. */
  const forge = (header: object, payload: object, by = key.privateKey): string => {
    const [, given = ''] = signer.assertionFor(ann, 'accounts').split('.');
    const claims = { ...decodeJwt(`x.${given}.x`), ...payload };
    const [mine = ''] = signer.assertionFor(ann, 'accounts').split('.');
    const head = { ...JSON.parse(Buffer.from(mine, 'base64url').toString()), ...header };
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${encode(head)}.${encode(claims)}`;
    return `${signed}.${sign(null, Buffer.from(signed), by).toString('base64url')}`;
  };

  it('tells one service who calls, for a minute and the difference of clocks', () => {
    const text = signer.assertionFor(ann, 'accounts');
    const person = { subject: 'ann', email: 'ann@example.org', issuer: 'postern', roles: ann.roles };
    const told = { ...person, someNodes: false, expiresAtMs: start + 60_000 };
    assert.deepEqual(verifyAssertion(text, { keys, audience: 'accounts', nowMs }), told);
    assert.deepEqual(verifyAssertion(text, { keys, audience: 'accounts', nowMs: start + 120_000 }), told);
    refuses(text, /expired/, start + 120_001);
    refuses(text, /not made yet/, start - 61_000);
    refuses(text, /another audience/, start, 'rooms');
    const nobody = verifyAssertion(signer.assertionFor({ ...ann, email: undefined }, 'accounts'), {
      keys,
      audience: 'accounts',
      nowMs,
    });
    assert.equal('email' in nobody, false);
    for (const [nodes, someNodes] of [
      [['*'], false],
      [['edge-*'], true],
      [[], true],
    ] as const) {
      const limited = signer.assertionFor({ ...ann, nodes }, 'accounts');
      assert.equal(verifyAssertion(limited, { keys, audience: 'accounts', nowMs }).someNodes, someNodes);
    }
  });

  it('is used again for half a minute, by the same identity towards the same service', () => {
    const first = signer.assertionFor(ann, 'accounts');
    nowMs = start + 29_999;
    assert.equal(signer.assertionFor(ann, 'accounts'), first);
    assert.notEqual(signer.assertionFor(ann, 'rooms'), first);
    assert.notEqual(signer.assertionFor({ ...ann, subject: 'bob' }, 'accounts'), first);
    nowMs = start + 30_000;
    const second = signer.assertionFor(ann, 'accounts');
    assert.notEqual(second, first);
    assert.equal(decodeJwt(second).exp, (start + 90_000) / 1000);
    nowMs = start;
  });

  it('is no caller token, and a caller token is no assertion', async () => {
    const verifier = new CallerVerifier({
      publicKey: key.publicKey,
      isRevoked: () => false,
      now: () => nowMs,
    });
    // Even where a service has the very name that is the audience of caller tokens.
    for (const audience of ['postern', 'accounts']) {
      await assert.rejects(verifier.verify(signer.assertionFor(ann, audience)), { code: 'UNAUTHENTICATED' });
    }
    refuses(await signCallerToken(key, ann), /no assertion/);
    refuses(await signCallerToken(key, ann), /no assertion/, nowMs, 'postern');
    refuses(forge({ typ: 'JWT' }, {}), /no assertion/);
    refuses(forge({}, { iss: 'postern' }), /no assertion/);
  });

  it('is refused where it was changed, or is of somebody else', () => {
    const good = signer.assertionFor(ann, 'accounts');
    assert.equal(verifyAssertion(forge({}, {}), { keys, audience: 'accounts', nowMs }).subject, 'ann');
    const [header = '', payload = '', signature = ''] = good.split('.');
    const changed = Buffer.from(JSON.stringify({ ...decodeJwt(good), sub: 'root' })).toString('base64url');
    const other = generateKeyPairSync('ed25519').privateKey;
    refuses(`${header}.${changed}.${signature}`, /not signed/);
    refuses(forge({}, {}, other), /not signed/);
    refuses(forge({ kid: 'unknown' }, {}), /not signed/);
    refuses(forge({ kid: undefined }, {}), /not signed/);
    refuses(forge({ alg: 'none' }, {}), /no assertion/);
    refuses(forge({ alg: 'HS256' }, {}), /no assertion/);
    refuses(forge({ crit: ['b64'] }, {}), /no assertion/);
    refuses(forge({}, { exp: start / 1000 + 3_600 }), /too long/);
    refuses(forge({}, { sub: '' }), /too little/);
    refuses(`${header}.${payload}.`, /not a JWT/);
    refuses('', /not a JWT/);
    refuses(`${good}.${good}`, /not a JWT/);
    refuses('x'.repeat(10_000), /too long/);
  });

  it('can be verified by what is public, with any library', async () => {
    const set = JSON.parse(signer.publicKeys);
    assert.equal(set.keys.length, 1);
    assert.deepEqual(Object.keys(set.keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    assert.equal(signer.publicKeys.includes('"d"'), false);
    const { payload } = await jwtVerify(
      signer.assertionFor(ann, 'accounts'),
      await importJWK(set.keys[0], 'EdDSA'),
      {
        issuer: 'postern-assertion',
        audience: 'accounts',
        typ: 'postern-assertion+jwt',
        currentDate: new Date(nowMs),
      },
    );
    assert.equal(payload.email, 'ann@example.org');
  });

  it('is verified with keys of its kind alone', () => {
    const [mine] = JSON.parse(signer.publicKeys).keys;
    const more = {
      keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'r' }, { ...mine, kid: undefined }, mine],
    };
    assert.deepEqual([...readAssertionKeys(JSON.stringify(more)).keys()], [mine.kid]);
    assert.throws(() => readAssertionKeys('{}'));
    assert.throws(() => readAssertionKeys('no JSON'));
  });
});
