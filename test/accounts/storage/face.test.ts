import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Metadata, status } from '@grpc/grpc-js';
import { assertionField } from '../../../src/auth/assertion.js';
import type { Identity } from '../../../src/auth/identity.js';
import { type Accounts, bearer, register, type Stage, setStage } from '../auth/stage.js';
import { type Faces, facesOf } from './stage.js';

const ada = 'ada@example.org';
const bob = 'bob@example.org';
const root = 'root@example.org';

let stage: Stage;
let one: Accounts;
let other: Accounts;
const opened: Faces[] = [];
const as = (accounts: Accounts, metadata: Metadata): Faces => {
  const faces = facesOf(accounts, metadata);
  opened.push(faces);
  return faces;
};
const tokens = new Map<string, Metadata>();
const asPerson = (accounts: Accounts, email: string): Faces =>
  as(accounts, tokens.get(email) ?? new Metadata());

before(async () => {
  stage = await setStage();
  const config = { admins: [root] };
  [one, other] = [await stage.start(config), await stage.start(config)];
  for (const email of [ada, bob, root]) tokens.set(email, bearer((await register(one, email)).jwt));
});
after(async () => {
  for (const faces of opened) faces.close();
  await stage.stop();
});

test('a profile is made, changed and read at any process, in the words that programs of before know', async () => {
  const [here, there] = [asPerson(one, ada), asPerson(other, ada)];
  assert.deepEqual(await there.getUser({ email: ada }), { userExists: false, email: ada });
  assert.deepEqual(await here.updateUser({ email: ada, age: 36 }), {
    result: '',
    error: `there is no profile of ${ada}: CreateUser makes it`,
  });
  assert.deepEqual(await here.createUser({ email: ' Ada@Example.org' }), {
    result: `the profile of ${ada} was made`,
  });
  assert.match((await there.createUser({ email: ada })).error ?? '', /already/);
  assert.deepEqual(await there.updateUser({ email: ada, username: 'Ada', sex: 0, age: 36 }), {
    result: `the profile of ${ada} was changed`,
  });
  const kept = { userExists: true, email: ada, username: 'Ada', sex: 0, age: 36 };
  assert.deepEqual(await here.getUser({ email: ada }), kept);
  assert.match(
    (await here.updateUser({ email: ada, age: 151 })).error ?? '',
    /age is 151, it may be 0 to 150/,
  );
  assert.match(
    (await here.updateUser({ email: ada, headImage: 'a'.repeat(200_000) })).error ?? '',
    /head_image/,
  );
  assert.deepEqual(await there.getUser({ email: '' }), kept);
});

test('whoever shows nothing, or only a bare user_email, gets nothing', async () => {
  const bare = new Metadata();
  bare.set('user_email', ada);
  const unknown = { code: status.UNAUTHENTICATED };
  for (const faces of [as(one, bare), as(one, bearer('ey.no.token'))]) {
    await assert.rejects(faces.getUser({ email: ada }), unknown);
    await assert.rejects(faces.createUser({ email: ada }), unknown);
    await assert.rejects(faces.listRooms({}), unknown);
    await assert.rejects(faces.erase({ email: ada }), unknown);
  }
});

test('an assertion of a hub is good for the service it was made for, and no other', async () => {
  const identity: Identity = {
    subject: 'somebody',
    issuer: 'postern',
    tokenId: 'x',
    limits: {},
    email: bob,
    roles: ['call'],
    nodes: [],
    expiresAtMs: Date.now() + 60_000,
  };
  const asserted = (audience: string): Metadata => {
    const metadata = new Metadata();
    metadata.set(assertionField, stage.signer.assertionFor(identity, audience));
    return metadata;
  };
  assert.equal((await as(one, asserted('storage')).getUser({ email: '' })).email, bob);
  await assert.rejects(as(one, asserted('rooms')).getUser({ email: '' }), { code: status.UNAUTHENTICATED });
  assert.deepEqual((await as(one, asserted('rooms')).listRooms({})).rooms, []);
});

test('somebody else cannot be told from nobody, but by administrators', async () => {
  const [bobs, roots] = [asPerson(one, bob), asPerson(other, root)];
  const nobody = 'nobody@example.org';
  for (const work of [bobs.getUser, bobs.createUser, bobs.deleteUser, bobs.updateUser]) {
    const known = await work({ email: ada });
    assert.deepEqual(known, await work({ email: nobody }));
    assert.match(known.error ?? '', /not yours/);
  }
  for (const work of [bobs.export, bobs.erase]) {
    await assert.rejects(work({ email: ada }), { code: status.PERMISSION_DENIED });
  }
  assert.equal((await roots.getUser({ email: ada })).username, 'Ada');
  assert.equal((await roots.getUser({ email: nobody })).userExists, false);
});

test('a change that expects a revision is made only if it is the last one', async () => {
  const [here, there] = [asPerson(one, ada), asPerson(other, ada)];
  const { revision, profile } = await here.getProfile({ email: ada });
  assert.equal(profile?.username, 'Ada');
  const changed = await there.updateProfile({ profile: { email: ada, age: 37 }, expectedRevision: revision });
  assert.deepEqual(changed.profile, { email: ada, username: 'Ada', sex: 0, age: 37 });
  const late = here.updateProfile({ profile: { email: ada, age: 38 }, expectedRevision: revision });
  await assert.rejects(late, { code: status.ABORTED });
  await here.updateProfile({ profile: { email: ada, age: 38 }, expectedRevision: changed.revision });
});
