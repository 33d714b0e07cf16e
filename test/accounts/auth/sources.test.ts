import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import { addressKey } from '../../../src/accounts/auth/directory.js';
import { stores } from '../../../src/bus/subjects.js';
import { type Accounts, call, type Stage, setStage } from './stage.js';

let stage: Stage;
let one: Accounts;
let other: Accounts;

before(async () => {
  stage = await setStage();
  const config = { pace: { perSource: 4, perAddress: 100 }, tries: 3 };
  [one, other] = [await stage.start(config), await stage.start(config)];
});
after(() => stage.stop());

/** As a hub in front says it, which is on this machine. */
function from(source: string): Metadata {
  const metadata = new Metadata();
  metadata.set('x-forwarded-for', source);
  return metadata;
}
async function ask(email: string, source: string, accounts = one): Promise<string> {
  const { auth } = accounts;
  const begun = await call(auth, auth.userRegisterRequest, { email }, from(source));
  return begun.error ?? begun.theVerifyCodeTheUserNeedToSendBack;
}
/** What is wrong with a code; '' when it was taken. */
async function tried(email: string, code: string, source: string, accounts = one): Promise<string> {
  const { auth } = accounts;
  const proof = { email, theVerifyCodeTheUserNeedToSendBack: code };
  return (await call(auth, auth.userRegisterConfirm, proof, from(source))).error ?? '';
}
const wrong = /wrong, was used, or has expired/;
const guess = (i = 0) => `guess${i}`.padEnd(26, 'a');

test('wrong codes of somebody else make nobody else their code worthless', async () => {
  const email = 'ada@example.org';
  const code = await ask(email, '192.0.2.1');
  for (let i = 0; i < 8; i++) assert.match(await tried(email, guess(i), `198.51.100.${i % 2}`), wrong);
  assert.match(await tried(email, code, '198.51.100.0'), wrong, 'nor do they let in who has sent them');
  assert.equal(await tried(email, code, '192.0.2.1'), '');
});

test('tries count however many come at once, at whatever process', async () => {
  const email = 'bob@example.org';
  const mine = '192.0.2.2';
  const code = await ask(email, mine);
  const all = Array.from({ length: 12 }, (_, i) => tried(email, guess(i), mine, i % 2 === 0 ? one : other));
  for (const why of await Promise.all(all)) assert.match(why, /wrong/);
  assert.match(await tried(email, code, mine), wrong);
  assert.equal(await tried(email, await ask(email, mine), mine), '', 'a new code comes with new tries');
});

test('the right code uses up no try, and a known address no other ones than an unknown one', async () => {
  const source = '192.0.2.3';
  const told = async (email: string) => {
    const said: string[] = [];
    for (let i = 0; i < 5; i++) said.push(await tried(email, guess(i), source));
    return said;
  };
  const email = 'cy@example.org';
  for (let i = 0; i < 4; i++) {
    const code = await ask(email, `203.0.113.${i}`);
    assert.equal(await tried(email, code, source), '', 'more often than there are tries');
  }
  assert.deepEqual(await told(email), await told('nobody@example.org'));
});

test('a source that says wrong codes for ever more addresses is stopped for all', async () => {
  const source = '192.0.2.4';
  const said: string[] = [];
  for (let i = 0; i < 14; i++) said.push(await tried(`n${i}@example.org`, guess(), source));
  assert.match(said[11] ?? '', wrong);
  assert.match(said[12] ?? '', /too many wrong codes came, counted for where you call from/);
  const email = 'dee@example.org';
  const code = await ask(email, '192.0.2.5');
  assert.match(await tried(email, code, source), /too many wrong codes/);
  stage.clock.nowMs += 3_600_001;
  const later = await ask(email, '192.0.2.5');
  assert.equal(await tried(email, later, source), '');
});

test('all addresses of a /64 network are one source, for codes and for tries', async () => {
  const email = 'eve@example.org';
  const network = (i: number) => `2001:db8:0:1:${i}::${i}`;
  const code = await ask(email, '192.0.2.6');
  for (let i = 1; i <= 3; i++) assert.match(await tried(email, guess(i), network(i)), wrong);
  assert.match(await tried(email, code, network(4)), wrong);
  assert.equal(await tried(email, code, '2001:db8:0:2::1'), '');
  for (let i = 1; i <= 4; i++) assert.match(await ask(`v${i}@example.org`, network(i)), /^[a-z2-7]{26}$/);
  assert.match(await ask('v5@example.org', network(5)), /counted for where you call from/);
  assert.match(await ask('v5@example.org', '2001:db8:0:2::1'), /^[a-z2-7]{26}$/);
  assert.match(await ask('v6@example.org', '::ffff:192.0.2.7'), /^[a-z2-7]{26}$/);
});

test('after ten thousand wrong codes from everywhere all of an address are worthless', async () => {
  const email = 'flo@example.org';
  const code = await ask(email, '192.0.2.8');
  const proofs = await (await stage.nats.accounts()).store(stores.accountProofs);
  const key = `of.${addressKey(email)}`;
  const kept = async () => {
    const entry = await proofs.get(key);
    assert.ok(entry?.value.k === 'codes');
    return { value: entry.value, revision: entry.revision };
  };
  const { value, revision } = await kept();
  assert.equal(value.triesLeft, 10_000);
  await proofs.update(key, { ...value, triesLeft: 1 }, revision);
  assert.match(await tried(email, guess(), '198.51.100.9'), wrong);
  assert.match(await tried(email, code, '192.0.2.8'), wrong);
  assert.equal(await tried(email, await ask(email, '192.0.2.8'), '192.0.2.8'), '');
});
