import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RoomServiceClient } from 'livekit-server-sdk';
import { WebSocket } from 'ws';
import { withoutGo } from '../../../scripts/go-toolchain.js';
import { joinToken } from '../../../src/accounts/rooms/join-token.js';
import { liveKitRooms } from '../../../src/accounts/rooms/livekit.js';
import { RoomControl } from '../../../src/accounts/rooms/room-control.js';
import { RoomShelf } from '../../../src/accounts/rooms/room-shelf.js';
import type { KnownCaller } from '../../../src/accounts/whose.js';
import { stores } from '../../../src/bus/subjects.js';
import { type LiveKitServerProcess, startLiveKit } from '../../support/accounts/livekit-server.js';
import { startTestNats, type TestNats } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';

const ada: KnownCaller = { email: 'ada@example.com', admin: false, name: 'ada@example.com' };
const bob: KnownCaller = { email: 'bob@example.com', admin: false, name: 'bob@example.com' };
const root: KnownCaller = { email: undefined, admin: true, name: 'operator' };

describe('room control with a LiveKit server', { skip: await withoutGo() }, () => {
  let nats: TestNats;
  let livekit: LiveKitServerProcess;
  let rooms: RoomControl;
  let theirs: RoomServiceClient;
  const sockets: WebSocket[] = [];

  before(async () => {
    livekit = await startLiveKit();
    nats = await startTestNats();
    const { url, key, secret } = livekit;
    const store = await (await nats.accounts()).store(stores.accountRooms);
    const shelf = new RoomShelf({ store, most: { rooms: 100, perMaker: 100 }, ended: async () => {} });
    const liveKit = liveKitRooms({ url, key, secret, timeoutSeconds: 2 });
    rooms = new RoomControl({ shelf, key: { key, secret }, liveKit, adminsMake: false, now: Date.now });
    theirs = new RoomServiceClient(url, key, secret);
  });
  after(async () => {
    for (const socket of sockets) socket.terminate();
    await nats.stop();
    await livekit.remove();
  });

  const listed = async (name: string) => (await rooms.list(bob)).find((room) => room.name === name);

  it('makes a room there', async () => {
    await rooms.create(ada, 'Küche');
    await rooms.create(ada, 'Küche');
    assert.deepEqual(
      (await theirs.listRooms()).map(({ name }) => name),
      ['Küche'],
    );
    assert.equal(rooms.source, 'livekit');
    assert.equal((await listed('Küche'))?.participants, 0);
  });

  it('gives tokens that the server lets people in by, and tells how many are in', async () => {
    const token = await rooms.join(bob, { roomName: 'Küche', identity: '' });
    assert.equal(await livekit.takes(token), true);
    const socket = new WebSocket(`${livekit.url.replace('http', 'ws')}/rtc?access_token=${token}&protocol=9`);
    sockets.push(socket);
    await eventually('he is in it', async () => (await listed('Küche'))?.participants === 1);
    assert.deepEqual(
      (await theirs.listParticipants('Küche')).map(({ identity }) => identity),
      [bob.email],
    );
  });

  it('gives no tokens that the server does not take', async () => {
    const { key, secret } = livekit;
    const asked = { room: 'Küche', identity: 'ada@example.com' };
    assert.equal(await livekit.takes(await joinToken({ key, secret: `${secret}!` }, asked)), false);
    assert.equal(await livekit.takes(await joinToken({ key: 'other', secret }, asked)), false);
    const old = await joinToken({ key, secret }, { ...asked, nowMs: Date.now() - 3_600_000 });
    assert.equal(await livekit.takes(old), false);
  });

  it('lists rooms that others have made there, which only administrators end', async () => {
    await theirs.createRoom({ name: 'strange' });
    assert.deepEqual(await listed('strange'), {
      name: 'strange',
      participants: 0,
      madeBy: '',
      madeAtMs: 0,
      mine: false,
    });
    assert.ok(await rooms.join(bob, { roomName: 'strange', identity: '' }));
    await assert.rejects(rooms.delete(bob, 'strange'), { code: 'PERMISSION_DENIED' });
    await rooms.delete(root, 'strange');
    assert.equal(await listed('strange'), undefined);
  });

  it('puts out who is in a room that is ended', async () => {
    const [socket] = sockets;
    const closed = new Promise((resolve) => socket?.once('close', resolve));
    await rooms.delete(ada, 'Küche');
    await closed;
    assert.deepEqual(await theirs.listRooms(), []);
  });

  it('goes on where it was when the server is away and comes again', async () => {
    await rooms.create(ada, 'kept');
    await livekit.stop();
    await assert.rejects(rooms.list(bob), { code: 'UNAVAILABLE' });
    await assert.rejects(rooms.create(ada, 'later'), { code: 'UNAVAILABLE' });
    await assert.rejects(rooms.delete(ada, 'kept'), { code: 'UNAVAILABLE' });
    const token = await rooms.join(bob, { roomName: 'kept', identity: '' });
    await livekit.start();
    assert.equal(await livekit.takes(token), true);
    await rooms.create(ada, 'later');
    assert.deepEqual(
      (await rooms.list(bob)).map(({ name }) => name),
      ['kept', 'later'],
    );
    await rooms.delete(ada, 'kept');
    assert.equal(await listed('kept'), undefined);
  });

  it('says so when the server takes another key', async () => {
    const { url, key } = livekit;
    const wrong = liveKitRooms({ url, key, secret: 'another secret, and as long as the other one' });
    await assert.rejects(wrong.participants(), { code: 'UNAVAILABLE', message: /does not take our key/ });
  });
});
