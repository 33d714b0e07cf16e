import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Accounts, bearer, call, register, type Stage, setStage } from './stage.js';

let stage: Stage;
let one: Accounts;
let other: Accounts;

before(async () => {
  stage = await setStage();
  one = await stage.start({ admins: ['Root@Example.org'], pace: { perSource: 1_000 } });
  other = await stage.start({ admins: ['Root@Example.org'], pace: { perSource: 1_000 } });
});
after(() => stage.stop());

const ask = (accounts: Accounts, email: string) =>
  call(accounts.auth, accounts.auth.userRegisterRequest, { email });
const confirm = (accounts: Accounts, email: string, code: string) =>
  call(accounts.auth, accounts.auth.userRegisterConfirm, { email, theVerifyCodeTheUserNeedToSendBack: code });
const isOk = (accounts: Accounts, jwt: string) => call(accounts.auth, accounts.auth.isJwtOk, { jwt });

test('an address is proven with its code, once, at any of the processes', async () => {
  const begun = await ask(one, ' Ada@Example.ORG ');
  assert.equal(begun.error, undefined);
  const code = begun.theVerifyCodeTheUserNeedToSendBack;
  assert.match(code, /^[a-z2-7]{26}$/);
  const { jwt, error } = await confirm(other, 'ada@example.org', code.toUpperCase());
  assert.equal(error, undefined);
  assert.equal((await isOk(one, jwt)).email, 'ada@example.org');
  const again = await confirm(one, 'ada@example.org', code);
  assert.equal(again.jwt, '');
  assert.match(again.error ?? '', /wrong, was used, or has expired/);
});

test('whether there is an account shows in no answer', async () => {
  await register(one, 'known@example.org');
  const [known, unknown] = [await ask(one, 'known@example.org'), await ask(one, 'unknown@example.org')];
  assert.deepEqual(
    [known.error, known.theEmailTheUserNeedToSendVerifyCodeTo],
    [unknown.error, unknown.theEmailTheUserNeedToSendVerifyCodeTo],
  );
  const refused = [
    await confirm(one, 'known@example.org', 'aaaaaaaaaaaaaaaaaaaaaaaaaa'),
    await confirm(one, 'nobody@example.org', 'aaaaaaaaaaaaaaaaaaaaaaaaaa'),
  ];
  assert.deepEqual(refused[0], refused[1]);
});

test('after five wrong codes the right one is worthless where they came from, and a new one is not', async () => {
  const email = 'guessed@example.org';
  const { theVerifyCodeTheUserNeedToSendBack: code } = await ask(one, email);
  const guesses = Array.from({ length: 5 }, (_, i) =>
    confirm(i % 2 === 0 ? one : other, email, `a${code.slice(1)}${i}`),
  );
  for (const { error } of await Promise.all(guesses)) assert.match(error ?? '', /wrong/);
  assert.match((await confirm(one, email, code)).error ?? '', /wrong/);
  const next = await ask(other, email);
  assert.equal((await confirm(one, email, next.theVerifyCodeTheUserNeedToSendBack)).error, undefined);
});

test('a code is worthless after ten minutes', async () => {
  const email = 'late@example.org';
  const { theVerifyCodeTheUserNeedToSendBack: code } = await ask(one, email);
  stage.clock.nowMs += 10 * 60_000 + 1;
  assert.match((await confirm(one, email, code)).error ?? '', /has expired/);
});

test('who asks for a code does not make the one of somebody else worthless', async () => {
  const email = 'wanted@example.org';
  const { theVerifyCodeTheUserNeedToSendBack: mine } = await ask(one, email);
  const { theVerifyCodeTheUserNeedToSendBack: theirs } = await ask(other, email);
  assert.notEqual(mine, theirs);
  assert.equal((await confirm(other, email, mine)).error, undefined);
});

test('an address gets five codes an hour', async () => {
  const email = 'pestered@example.org';
  for (let i = 0; i < 5; i++) assert.equal((await ask(i % 2 === 0 ? one : other, email)).error, undefined);
  assert.match((await ask(one, email)).error ?? '', /too many codes/);
  stage.clock.nowMs += 3_600_001;
  assert.equal((await ask(one, email)).error, undefined);
});

test('a source gets as many codes an hour as it may, for whatever addresses', async () => {
  const narrow = await setStage();
  try {
    const accounts = await narrow.start({ pace: { perSource: 2 } });
    for (const name of ['a', 'b'])
      assert.equal((await ask(accounts, `${name}@example.org`)).error, undefined);
    assert.match((await ask(accounts, 'c@example.org')).error ?? '', /counted for where you call from/);
  } finally {
    await narrow.stop();
  }
});

test('what is no address is refused before anything is done with it', async () => {
  for (const email of [
    ...['', 'ada', 'ada@', '@example.org', 'ada@example', `${'a'.repeat(250)}@example.org`],
    ...['ada@example.org\r\nBcc: eve@example.org', 'ada@example.org, eve@example.org', 'ada\0@example.org'],
    ...['"ada"@example.org', 'Ada <ada@example.org>', 'ada@exämple.org', 'a'.repeat(5_000)],
  ]) {
    const { error, theVerifyCodeTheUserNeedToSendBack: code } = await ask(one, email);
    assert.ok(error !== undefined && error !== '', JSON.stringify(email.slice(0, 50)));
    assert.equal(code, '');
  }
});

test('administrators are those of the configuration and whom they promote', async () => {
  const root = await register(one, 'root@example.org');
  const eve = await register(one, 'eve@example.org');
  const isAdmin = async (jwt: string) => (await call(other.auth, other.auth.isAdmin, { jwt })).yes;
  assert.deepEqual([await isAdmin(root.jwt), await isAdmin(eve.jwt)], [true, false]);
  const promote = (jwt: string, email: string, demote = false) =>
    call(other.own, other.own.promote, { email, demote }, bearer(jwt));
  await assert.rejects(promote(eve.jwt, 'eve@example.org'), { code: 7 });
  const { account } = await promote(root.jwt, 'eve@example.org');
  assert.equal(account?.admin, true);
  assert.equal(await isAdmin(eve.jwt), true);
  await assert.rejects(promote(eve.jwt, 'root@example.org', true), { code: 9 });
  await promote(eve.jwt, 'eve@example.org', true);
  assert.equal(await isAdmin(eve.jwt), false);
  await assert.rejects(promote(root.jwt, 'nobody@example.org'), { code: 5 });
  await assert.rejects(call(one.own, one.own.list, { after: '', limit: 0 }, bearer(eve.jwt)), { code: 7 });
});
