import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decodeJwt } from 'jose';
import { RoomControl } from '../../../src/accounts/rooms/room-control.js';
import { RoomShelf } from '../../../src/accounts/rooms/room-shelf.js';
import type { KnownCaller } from '../../../src/accounts/whose.js';
import { stores } from '../../../src/bus/subjects.js';
import { startTestNats, type TestNats } from '../../support/nats.js';

const person = (name: string): KnownCaller => ({
  email: `${name}@example.com`,
  admin: false,
  name: `${name}@example.com`,
});
const ada = person('ada');
const bob = person('bob');
const root: KnownCaller = { email: undefined, admin: true, name: 'operator' };
const key = { key: 'APIkey', secret: 'a secret of more than thirty-two characters' };

describe('room control in two processes, without a LiveKit server', () => {
  let nats: TestNats;
  let a: RoomControl;
  let b: RoomControl;
  let shelf: RoomShelf;
  let closed: RoomControl;
  let keyless: RoomControl;

  before(async () => {
    nats = await startTestNats();
    const open = async (): Promise<RoomShelf> => {
      const store = await (await nats.accounts()).store(stores.accountRooms);
      return new RoomShelf({ store, most: { rooms: 6, perMaker: 3 }, ended: async () => {} });
    };
    const common = { key, liveKit: undefined, adminsMake: false, now: Date.now };
    shelf = await open();
    a = new RoomControl({ ...common, shelf });
    b = new RoomControl({ ...common, shelf: await open() });
    closed = new RoomControl({ ...common, shelf, adminsMake: true });
    keyless = new RoomControl({ ...common, shelf, key: undefined });
  });
  after(() => nats.stop());

  const names = async (by: KnownCaller): Promise<string[]> => (await b.list(by)).map(({ name }) => name);

  it('makes a room once, and lists it at once in the other process', async () => {
    await Promise.all([a.create(ada, 'standup'), b.create(ada, 'standup')]);
    await a.create(ada, 'standup');
    assert.deepEqual(await names(bob), ['standup']);
    await assert.rejects(b.create(bob, 'standup'), { code: 'ALREADY_EXISTS' });
  });

  it('tells who made a room to them and to administrators alone, and nobody in it', async () => {
    const [[own], [other], [seen]] = await Promise.all([a.list(ada), a.list(bob), a.list(root)]);
    assert.deepEqual([own?.madeBy, own?.mine, own?.participants], [ada.name, true, 0]);
    assert.deepEqual([other?.madeBy, other?.mine], ['', false]);
    assert.deepEqual([seen?.madeBy, seen?.mine], [ada.name, false]);
    assert.equal(a.source, 'kv');
  });

  it('lets everybody join a room that is there, as themselves', async () => {
    const { sub, video } = decodeJwt(await b.join(bob, { roomName: 'standup', identity: '' }));
    assert.equal(sub, bob.name);
    assert.deepEqual(video, { roomJoin: true, room: 'standup' });
    assert.equal(
      decodeJwt(await b.join(bob, { roomName: 'standup', identity: ' Bob@Example.com ' })).sub,
      bob.name,
    );
    await assert.rejects(b.join(bob, { roomName: 'standup', identity: ada.name }), {
      code: 'PERMISSION_DENIED',
    });
    await assert.rejects(b.join(bob, { roomName: 'nowhere', identity: '' }), { code: 'NOT_FOUND' });
  });

  it('lets administrators name whom they let in', async () => {
    assert.equal(decodeJwt(await a.join(root, { roomName: 'standup', identity: 'robot 7' })).sub, 'robot 7');
    assert.equal(decodeJwt(await a.join(root, { roomName: 'standup', identity: '' })).sub, 'operator');
  });

  it('lets nobody in where it has no key, and says so', async () => {
    await assert.rejects(keyless.join(ada, { roomName: 'standup', identity: '' }), {
      code: 'PRECONDITION_FAILED',
      message: /no key of a LiveKit server is configured/,
    });
  });

  it('lets only the maker and administrators end a room', async () => {
    await assert.rejects(a.delete(bob, 'standup'), { code: 'PERMISSION_DENIED' });
    await b.delete(ada, 'standup');
    await a.delete(ada, 'standup');
    await a.create(ada, 'other');
    await b.delete(root, 'other');
    assert.deepEqual(await names(ada), []);
  });

  it('makes rooms for administrators alone where it is told to', async () => {
    await assert.rejects(closed.create(ada, 'mine'), { code: 'PERMISSION_DENIED' });
    await closed.create(root, 'theirs');
    await closed.delete(root, 'theirs');
  });

  it('makes no more rooms than there may be, of one maker and in all', async () => {
    for (const name of ['a1', 'a2', 'a3']) await a.create(ada, name);
    await assert.rejects(a.create(ada, 'a4'), { code: 'TOO_MANY', message: /you have made 3 rooms/ });
    for (const name of ['b1', 'b2', 'b3']) await b.create(bob, name);
    await assert.rejects(a.create(root, 'c1'), { code: 'TOO_MANY', message: /there are 6 rooms/ });
    await a.create(ada, 'a1');
  });

  it('tells the rooms of somebody, and forgets them', async () => {
    const exported = await shelf.exportOf(ada.name);
    assert.ok(Array.isArray(exported));
    assert.deepEqual(
      exported.map(({ name }) => name),
      ['a1', 'a2', 'a3'],
    );
    await shelf.eraseOf(ada.name);
    await shelf.eraseOf(ada.name);
    assert.equal(await shelf.exportOf(ada.name), undefined);
    assert.deepEqual(await names(bob), ['b1', 'b2', 'b3']);
  });
});
