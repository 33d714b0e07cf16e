import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually, type RunningProcess } from '../../support/processes.js';
import { call, PublicPort, shows } from './public-port.js';

const admin = 'ada@example.org';

describe('accounts whose processes and NATS server are killed', () => {
  let door: PublicPort;
  let hub: RunningProcess;
  let other: RunningProcess;
  let roots: string;

  before(async () => {
    door = await PublicPort.make();
    hub = await door.up();
    other = await door.beside();
    assert.equal(other.ready.roomSource, 'kv');
    roots = await door.register(admin);
  });
  after(() => door.stop());

  /** Kills one thing after the other. */
  const killings: readonly (() => Promise<void>)[] = [
    async () => {
      other.signal('SIGKILL');
      await other.exited;
      other = await door.beside();
    },
    () => door.killNats(),
    async () => {
      hub.signal('SIGKILL');
      await hub.exited;
      hub = await door.up();
    },
  ];

  /** Asks again until it is answered, as a client does that was told that nobody answers. */
  const insisting = <T>(work: () => Promise<T>): Promise<T> =>
    eventually('an answer', async () => ({ value: await work() }), { timeoutMs: 40_000 }).then(
      ({ value }) => value,
    );

  it('lose nothing of what was said to be done, between any two steps', async () => {
    const { storage, rooms } = door;
    for (const [round, kill] of killings.entries()) {
      const email = `p${round}@example.org`;
      const roomName = `room ${round}`;
      const token = shows(await insisting(() => door.register(email)));
      await kill();
      const made = await insisting(() => call(storage, storage.createUser, { email }, token));
      assert.ok(made.error === undefined || /already/.test(made.error), made.error);
      await kill();
      for (const age of [1, 2]) {
        const changed = await insisting(() => call(storage, storage.updateUser, { email, age }, token));
        assert.equal(changed.error, undefined);
        await kill();
      }
      assert.deepEqual(await insisting(() => call(storage, storage.getUser, { email }, token)), {
        userExists: true,
        email,
        age: 2,
      });
      await insisting(() => call(rooms, rooms.createRoom, { roomName }, token));
      await kill();
      const listed = await insisting(() => call(rooms, rooms.listRooms, {}, token));
      assert.equal(listed.rooms.filter((room) => room.roomName === roomName).length, 1);
    }
  });

  it('finish an erasure that was begun, whatever is killed in the middle of it', async () => {
    const { own, rooms } = door;
    const asRoot = shows(roots);
    const left = async (email: string): Promise<string> => {
      const { json } = await call(own, own.export, { email }, asRoot);
      return JSON.stringify(JSON.parse(json).kept);
    };
    for (const [round, kill] of killings.entries()) {
      const email = `erased${round}@example.org`;
      const token = shows(await insisting(() => door.register(email)));
      for (let i = 0; i < 60; i++) {
        await insisting(() => call(rooms, rooms.createRoom, { roomName: `${email} ${i}` }, token));
      }
      const asked = call(own, own.erase, { email }, asRoot).catch(() => {});
      await eventually('it has begun', async () => {
        const { rooms: now } = await call(rooms, rooms.listRooms, {}, asRoot);
        return now.filter(({ roomName }) => roomName.startsWith(email)).length < 60;
      });
      await kill();
      await asked;
      await eventually('it is finished', async () => (await left(email)) === '{}', { timeoutMs: 40_000 });
    }
  });
});
