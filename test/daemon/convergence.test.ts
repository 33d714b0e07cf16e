import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createGroupKeys } from '../../src/daemon/group/group-keys.js';
import type { LiveGroup } from '../../src/daemon/group/live-group.js';
import type { FrameBody } from '../../src/daemon/peer/frames.js';
import { SyncSession } from '../../src/daemon/peer/sync.js';
import { memoryGroup } from '../support/memory-group.js';

const peers = 3;

/** A connection of two peers: frames go in order, until it is cut, and then nothing more does. */
class Wire {
  readonly #queue: { to: () => SyncSession; body: FrameBody }[] = [];
  readonly ends: readonly [SyncSession, SyncSession];

  constructor(one: LiveGroup, other: LiveGroup) {
    const [oneKey, otherKey, oneNonce, otherNonce] = [1, 2, 3, 4].map(() => randomBytes(32));
    assert.ok(oneKey && otherKey && oneNonce && otherNonce);
    const end = (
      group: LiveGroup,
      ownKey: Buffer,
      ourNonce: Buffer,
      key: Buffer,
      theirNonce: Buffer,
      to: () => SyncSession,
    ): SyncSession =>
      new SyncSession({
        ownKey,
        remote: { key, role: 'peer', ourNonce, theirNonce },
        groups: () => [group],
        matched: () => {},
        send: (body) => this.#queue.push({ to, body }),
      });
    const first: SyncSession = end(one, oneKey, oneNonce, otherKey, otherNonce, () => second);
    const second: SyncSession = end(other, otherKey, otherNonce, oneKey, oneNonce, () => first);
    this.ends = [first, second];
    for (const each of this.ends) each.announce();
  }

  /** Delivers one frame; false where there is none. */
  async deliver(): Promise<boolean> {
    const frame = this.#queue.shift();
    if (frame === undefined) return false;
    await frame.to().heard(frame.body);
    return true;
  }

  cut(): void {
    for (const each of this.ends) each.stop();
  }
}

const pairs = [
  [0, 1],
  [0, 2],
  [1, 2],
] as const;

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('say' as const), who: fc.nat(peers - 1) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('deliver' as const),
      pair: fc.nat(2),
      frames: fc.integer({ min: 1, max: 8 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('toggle' as const), pair: fc.nat(2) }) },
);

test('whatever is cut and healed while members write, all hold the same in the end, in the same order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(2), async (steps, bridge) => {
      const keys = createGroupKeys();
      const members = await Promise.all(Array.from({ length: peers }, () => memoryGroup(keys)));
      const groups = members.map(({ group }) => group);
      const wires: (Wire | undefined)[] = pairs.map(() => undefined);
      const toggle = (pair: number, up: boolean): void => {
        wires[pair]?.cut();
        const [a, b] = pairs[pair] ?? [0, 1];
        const [one, other] = [groups[a], groups[b]];
        wires[pair] = up && one && other ? new Wire(one, other) : undefined;
      };
      for (const group of groups) {
        group.onStored(() => {
          for (const wire of wires) for (const end of wire?.ends ?? []) end.stored();
        });
        await group.introduce();
      }
      let said = 0;
      for (const one of steps) {
        if (one.type === 'say') await groups[one.who]?.send(Buffer.from(`message ${said++}`));
        else if (one.type === 'toggle') toggle(one.pair, wires[one.pair] === undefined);
        else for (let n = 0; n < one.frames; n++) await wires[one.pair]?.deliver();
      }
      // Healed, but for one pair: those two hear of each other through the third.
      for (const pair of [0, 1, 2]) toggle(pair, pair !== bridge);
      await untilQuiet(wires);
      const [first] = groups;
      assert.ok(first);
      const order = (group: LiveGroup): string[] =>
        group.index.ordered.map(({ hash }) => hash.toString('hex'));
      assert.equal(order(first).length, said + peers);
      for (const group of groups) {
        assert.deepEqual(order(group), order(first));
        assert.deepEqual(group.index.digest(), first.index.digest());
      }
      for (const { counts } of members)
        assert.equal(counts.of('refused_forked') + counts.of('refused_forged'), 0);
    }),
    { numRuns: 25 },
  );
});

test('an entry is sent once to a peer that stores it, however often both tell what they have', async () => {
  const keys = createGroupKeys();
  const [one, other] = await Promise.all([memoryGroup(keys), memoryGroup(keys)]);
  for (const { group } of [one, other]) await group.introduce();
  for (let n = 0; n < 50; n++) await one.group.send(randomBytes(1000));
  let wire = new Wire(one.group, other.group);
  for (const { group } of [one, other]) {
    group.onStored(() => {
      for (const end of wire.ends) end.stored();
    });
  }
  for (let n = 0; n < 5; n++) {
    for (const end of wire.ends) end.tick();
    await untilQuiet([wire]);
  }
  // Connected anew, both tell first what they have.
  wire.cut();
  wire = new Wire(one.group, other.group);
  await untilQuiet([wire]);
  // What is written from then on is not sent back to who has sent it.
  await one.group.send(Buffer.from('late'));
  await untilQuiet([wire]);
  assert.equal(other.counts.of('entries_received'), 52);
  assert.equal(other.counts.of('entries_known') + one.counts.of('entries_known'), 0);
});

/** Delivers until nobody says anything any more. */
async function untilQuiet(wires: readonly (Wire | undefined)[]): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    let moved = false;
    for (const wire of wires) while (await wire?.deliver()) moved = true;
    await new Promise((resolve) => setImmediate(resolve));
    quiet = moved ? 0 : quiet + 1;
  }
}
