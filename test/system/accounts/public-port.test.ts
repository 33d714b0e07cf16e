import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Metadata, status } from '@grpc/grpc-js';
import { TokenVerifier } from 'livekit-server-sdk';
import { call, liveKitSecret, PublicPort, shows } from './public-port.js';

const ada = 'ada.l@example.org';
const bob = 'bob@example.org';

describe('accounts, storage and rooms behind one public port', () => {
  let door: PublicPort;
  let adas: string;
  let bobs: string;

  before(async () => {
    door = await PublicPort.make();
    await door.up();
    [adas, bobs] = [await door.register(ada), await door.register(bob)];
  });
  after(() => door.stop());

  it('takes the token of an account under both headers, and the services know whose it is', async () => {
    const { storage } = door;
    const made = await call(storage, storage.createUser, { email: ada }, shows(adas));
    assert.deepEqual(made, { result: `the profile of ${ada} was made` });
    const named = { email: ada, username: 'Ada' };
    await call(storage, storage.updateUser, named, shows(adas, 'jwt'));
    const found = await call(storage, storage.getUser, { email: '' }, shows(adas, 'jwt'));
    assert.deepEqual(found, { userExists: true, ...named });
    const foreign = await call(storage, storage.getUser, { email: ada }, shows(bobs));
    assert.match(foreign.error ?? '', /not yours/);
  });

  it('drops what shows no good token, whatever else it says', async () => {
    const { auth, storage, rooms } = door;
    const claimed = new Metadata();
    claimed.set('user_email', ada);
    claimed.set('x-postern-user', ada);
    for (const metadata of [new Metadata(), claimed, shows('ey.no.token'), shows(`${adas}x`, 'jwt')]) {
      const unknown = { code: status.UNAUTHENTICATED };
      await assert.rejects(call(storage, storage.getUser, { email: ada }, metadata), unknown);
      await assert.rejects(call(rooms, rooms.listRooms, {}, metadata), unknown);
      await assert.rejects(call(auth, auth.isOnline, {}, metadata), unknown);
    }
  });

  it('makes, lists, joins and ends rooms from the command line', async () => {
    const made = await door.roomsCommand(adas, 'create', 'Küche');
    assert.deepEqual([made.code, made.stderr], [0, "the room 'Küche' is there\n"]);
    const [listed, whole, joined, posed] = await Promise.all([
      door.roomsCommand(bobs, 'ls'),
      door.roomsCommand(adas, 'ls', '-o', 'json'),
      door.roomsCommand(bobs, 'join', 'Küche'),
      door.roomsCommand(bobs, 'join', 'Küche', '--identity', ada),
    ]);
    assert.match(listed.stdout, /^NAME +PARTICIPANTS +MADE +BY\nKüche +\? +\d+ s ago +- *\n$/);
    assert.match(listed.stderr, /who is in a room is not known/);
    const { source, rooms } = JSON.parse(whole.stdout);
    assert.deepEqual([source, rooms[0].madeBy, rooms[0].mine], ['kv', ada, true]);
    const claims = await new TokenVerifier('APIkey', liveKitSecret).verify(joined.stdout.trim());
    assert.deepEqual([claims.sub, claims.video], [bob, { roomJoin: true, room: 'Küche' }]);
    assert.deepEqual([posed.code, posed.stdout], [1, '']);
    assert.match(posed.stderr, /identity is not you/);
    assert.equal((await door.roomsCommand(adas, 'rm', 'Küche')).code, 0);
  });
});
