import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import { SignJWT } from 'jose';
import { assertionField } from '../../../src/auth/assertion.js';
import { issuerConfig, TrustedIssuer } from '../../../src/auth/issuers.js';
import { readJwt } from '../../../src/auth/jwt-parts.js';
import { testLog, until } from '../../support/nats.js';
import { type Accounts, bearer, call, register, type Stage, setStage } from './stage.js';

let stage: Stage;
let one: Accounts;
let other: Accounts;

before(async () => {
  stage = await setStage();
  [one, other] = [await stage.start(), await stage.start()];
});
after(() => stage.stop());

const check = async (jwt: string) => call(one.auth, one.auth.isJwtOk, { jwt });
const refresh = (accounts: Accounts, refreshToken: string) =>
  call(accounts.own, accounts.own.refresh, { refreshToken });
const logOut = (jwt: string, everywhere: boolean) =>
  call(one.own, one.own.logOut, { everywhere, refreshToken: '' }, bearer(jwt));

test('a session goes on with the next tokens, and a refresh token that comes late a second time ends it', async () => {
  const first = await register(one, 'ada@example.org');
  const { session: second } = await refresh(other, first.refreshToken);
  const { session: third } = await refresh(one, second?.refreshToken ?? '');
  assert.equal((await check(third?.jwt ?? '')).email, 'ada@example.org');
  stage.clock.nowMs += 30_001;
  await assert.rejects(refresh(one, second?.refreshToken ?? ''), { code: 16, details: /used before/ });
  assert.match((await check(third?.jwt ?? '')).error ?? '', /session of the token is over/);
  await assert.rejects(refresh(one, third?.refreshToken ?? ''), { code: 16, details: /over/ });
});

test('whoever asks again within half a minute, since no answer came, goes on with the same', async () => {
  const first = await register(one, 'lost@example.org');
  const asked = [one, other, one, other].map((each) => refresh(each, first.refreshToken));
  const tokens = (await Promise.all(asked)).map(({ session }) => session?.refreshToken ?? '');
  assert.equal(new Set(tokens).size, 1, 'whichever processes they came to');
  stage.clock.nowMs += 30_000;
  const { session: again } = await refresh(other, first.refreshToken);
  assert.equal(again?.refreshToken, tokens[0]);
  assert.equal((await check(again?.jwt ?? '')).email, 'lost@example.org');
  const { session: next } = await refresh(one, again?.refreshToken ?? '');
  assert.notEqual(next?.refreshToken, tokens[0]);
});

test('a refresh token whose successor was used ends the session, however soon it comes', async () => {
  const first = await register(one, 'copied@example.org');
  const { session: second } = await refresh(one, first.refreshToken);
  const { session: third } = await refresh(other, second?.refreshToken ?? '');
  await assert.rejects(refresh(one, first.refreshToken), { code: 16, details: /used before/ });
  await assert.rejects(refresh(other, third?.refreshToken ?? ''), { code: 16, details: /is over/ });
});

test('a refresh token that was not given is not taken, whatever is changed in it', async () => {
  const { refreshToken, jwt } = await register(one, 'forged@example.org');
  const [head = '', generation = '', mac = ''] = refreshToken.split('.');
  const forged = [
    `${head}.${Number(generation) + 1}.${mac}`,
    `${head}.${generation}.${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`,
    ...['', 'x', `${head}.${generation}`, `${refreshToken}.`, jwt, 'y'.repeat(10_000)],
  ];
  for (const text of forged) await assert.rejects(refresh(one, text), /UNAUTHENTICATED|INVALID_ARGUMENT/);
  assert.equal((await check(jwt)).error, undefined, 'nobody has ended the session');
});

test('whoever logs out ends this session, or all', async () => {
  const email = 'twice@example.org';
  const [a, b, c] = [await register(one, email), await register(one, email), await register(one, email)];
  await logOut(a.jwt, false);
  assert.match((await check(a.jwt)).error ?? '', /is over/);
  assert.equal((await check(b.jwt)).error, undefined);
  await assert.rejects(logOut(a.jwt, true), { code: 16 });
  await logOut(b.jwt, true);
  assert.match((await check(c.jwt)).error ?? '', /is over/);
  await assert.rejects(refresh(one, c.refreshToken), { code: 16 });
  stage.clock.nowMs += 2;
  assert.equal((await check((await register(one, email)).jwt)).error, undefined, 'a new one is not ended');
});

test('a token is worthless after its time, and in other hands than ours', async () => {
  const { jwt } = await register(one, 'brief@example.org');
  const { payload } = readJwt(jwt);
  const { privateKey } = generateKeyPairSync('ed25519');
  const { header } = readJwt(jwt);
  const forged = await new SignJWT({ ...payload })
    .setProtectedHeader({ ...header, alg: 'EdDSA' })
    .sign(privateKey);
  assert.match((await check(forged)).error ?? '', /not signed with a key/);
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${jwt.split('.')[1]}.AA`;
  assert.notEqual((await check(none)).error, undefined);
  for (const text of ['', 'a.b.c', 'x'.repeat(9_000)]) {
    assert.notEqual((await check(text)).error, undefined);
  }
  stage.clock.nowMs += 16 * 60_000 + 1;
  assert.match((await check(jwt)).error ?? '', /expired/);
});

test('who calls is told by a token or a signed assertion for this service, and by no bare header', async () => {
  const { jwt } = await register(one, 'who@example.org');
  const whoAmI = (metadata: Metadata) => call(other.own, other.own.whoAmI, {}, metadata);
  assert.equal((await whoAmI(bearer(jwt))).email, 'who@example.org');
  const older = new Metadata();
  older.set('jwt', jwt);
  assert.equal((await whoAmI(older)).email, 'who@example.org');
  const bare = new Metadata();
  bare.set('user_email', 'who@example.org');
  await assert.rejects(whoAmI(bare), { code: 7 });
  const asserted = (audience: string) => {
    const metadata = new Metadata();
    const identity = {
      ...{ subject: 'who', email: 'Who@Example.org', tokenId: 't', issuer: 'postern-accounts' },
      ...{ roles: ['call' as const], limits: {}, expiresAtMs: Date.now() + 60_000 },
    };
    metadata.set(assertionField, stage.signer.assertionFor(identity, audience));
    return metadata;
  };
  assert.equal((await whoAmI(asserted('auth'))).email, 'who@example.org');
  await assert.rejects(whoAmI(asserted('storage')), { code: 16 });
  const both = asserted('storage');
  both.set('authorization', `Bearer ${jwt}`);
  await assert.rejects(whoAmI(both), { code: 16 });
});

test('online is whose token was used within five minutes, and nobody is told without a token', async () => {
  const ada = await register(one, 'online@example.org');
  const bob = await register(one, 'asks@example.org');
  const online = (jwt: string, email?: string) =>
    call(other.auth, other.auth.isOnline, email === undefined ? {} : { email }, bearer(jwt));
  assert.equal((await online(bob.jwt, 'online@example.org')).online, true);
  stage.clock.nowMs += 5 * 60_000 + 1;
  assert.deepEqual(
    [
      (await online(bob.jwt, 'online@example.org')).online,
      (await online(bob.jwt, 'nobody@example.org')).online,
    ],
    [false, false],
  );
  await check(ada.jwt);
  await until('it is noted', async () => (await online(bob.jwt, 'online@example.org')).online);
  assert.equal((await online(ada.jwt)).online, true);
  const { error } = await call(one.auth, one.auth.isOnline, { email: 'online@example.org' });
  assert.match(error ?? '', /show a token/);
});

test('a front door takes the tokens by the keys of the gateway, and they cover no node', async () => {
  const { jwt } = await register(one, 'door@example.org');
  const issuer = new TrustedIssuer(
    issuerConfig.parse({
      issuer: 'postern-accounts',
      audience: 'postern',
      jwks: `${one.rest}/.well-known/jwks.json`,
    }),
    { log: testLog },
  );
  const { header, payload } = readJwt(jwt);
  assert.ok(typeof header.kid === 'string' && (await fetch(`${one.rest}/.well-known/jwks.json`)).ok);
  const identity = issuer.identity(payload, 0, jwt);
  assert.deepEqual([identity.email, identity.roles, identity.nodes], ['door@example.org', ['call'], []]);
});
