import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { jetstreamManager } from '@nats-io/jetstream';
import { addressKey } from '../../../src/accounts/auth/directory.js';
import { readAll } from '../../../src/accounts/read-all.js';
import { accountMark } from '../../../src/auth/token-session.js';
import { stores } from '../../../src/bus/subjects.js';
import { eventually } from '../../support/processes.js';
import { omnipotent } from '../../support/raw-nats.js';
import { type Accounts, bearer, call, register, type Stage, setStage } from '../auth/stage.js';
import { type Faces, facesOf } from './stage.js';

const root = 'root@example.org';

let stage: Stage;
let one: Accounts;
let other: Accounts;
const opened: Faces[] = [];
before(async () => {
  stage = await setStage();
  const config = { admins: [root] };
  [one, other] = [await stage.start(config), await stage.start(config)];
});
after(async () => {
  for (const faces of opened) faces.close();
  await stage.stop();
});

/** Somebody with an account, a profile and a room. */
async function settled(email: string) {
  const session = await register(one, email);
  const faces = facesOf(other, bearer(session.jwt));
  opened.push(faces);
  await faces.createUser({ email });
  await faces.updateUser({ email, username: 'Somebody' });
  await faces.createRoom({ roomName: `room of ${email}` });
  return { session, faces };
}

/** All that the buckets of accounts hold, but for one of them, as text. */
async function everything(without = ''): Promise<string> {
  const bus = await stage.nats.accounts();
  const found: unknown[] = [];
  for (const each of Object.values(stores)) {
    if (each.bucket !== without && each.users.some((user) => user === 'accounts'))
      found.push(await readAll(await bus.store<unknown>(each)));
  }
  return JSON.stringify(found);
}

test('somebody is told all that is kept about them, and no secret of it', async () => {
  const email = 'told@example.org';
  const { session, faces } = await settled(email);
  const { json } = await faces.export({ email: '' });
  const { kept, ...head } = JSON.parse(json);
  assert.equal(head.format, 'postern-account');
  assert.equal(head.email, email);
  assert.equal(kept.profile.username, 'Somebody');
  assert.equal(kept.rooms[0].name, `room of ${email}`);
  assert.ok(kept.account, 'the account itself');
  assert.equal(kept.sessions.length, 1);
  for (const secret of [session.jwt, session.refreshToken]) assert.ok(!json.includes(secret));
  assert.doesNotMatch(json, /hash|secret|token/i);
});

test('an erasure leaves nothing in any bucket, and the tokens are worthless', async () => {
  const email = 'gone@example.org';
  const { session, faces } = await settled(email);
  const before = await everything();
  assert.ok(before.includes(email) && before.includes(addressKey(email)));
  await faces.erase({ email });
  const after = await everything();
  assert.ok(!after.includes(email), after);
  assert.ok(!after.includes(addressKey(email)), after);
  assert.notEqual((await call(one.auth, one.auth.isJwtOk, { jwt: session.jwt })).error, undefined);
  await assert.rejects(faces.getUser({ email }), { code: status.UNAUTHENTICATED });
  await assert.rejects(call(one.own, one.own.refresh, { refreshToken: session.refreshToken }));
});

test('administrators erase others, and it does no harm to do so again', async () => {
  const email = 'removed@example.org';
  const roots = facesOf(one, bearer((await register(one, root)).jwt));
  opened.push(roots);
  await settled(email);
  await Promise.all([roots.erase({ email }), roots.erase({ email })]);
  await roots.erase({ email });
  assert.ok(!(await everything()).includes(email));
  const { faces } = await settled(email);
  assert.equal((await faces.getUser({ email })).username, 'Somebody');
});

test('an erasure that a process has begun and not ended is finished by another', async () => {
  const email = 'half@example.org';
  const { faces } = await settled(email);
  const store = await (await stage.nats.accounts()).store(stores.accountErasures);
  await store.create(addressKey(email), { v: 1, email, by: 'themself', atMs: Date.now() });
  assert.match((await faces.createUser({ email })).error ?? '', /is being removed/);
  await eventually('nothing is left', async () => !(await everything()).includes(email));
});

test('an erasure of which hubs can not be told leaves nothing else undone, and ends when they can', async () => {
  const email = 'untold@example.org';
  const { faces } = await settled(email);
  const god = await omnipotent(stage.nats);
  const ends = stores.accountEnds;
  const giveRoom = async (bytes: number) => {
    const manager = await jetstreamManager(god, { checkAPI: false });
    await manager.streams.update(`KV_${ends.bucket}`, { max_bytes: bytes });
  };
  try {
    await giveRoom(1);
    await assert.rejects(faces.erase({ email }), { code: status.RESOURCE_EXHAUSTED });
    assert.ok(!(await everything(stores.accountErasures.bucket)).includes(email));
    const erasures = await (await stage.nats.accounts()).store(stores.accountErasures);
    assert.notEqual(await erasures.get(addressKey(email)), undefined, 'it is not over');
    await giveRoom(ends.maxBytes);
    await eventually('nothing is left', async () => !(await everything()).includes(email));
    const told = await (await stage.nats.accounts()).store(ends);
    assert.notEqual(await told.get(accountMark('postern-accounts', email)), undefined);
  } finally {
    await god.close();
  }
});
