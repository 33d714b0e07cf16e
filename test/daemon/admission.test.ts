import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  admissionText,
  decodeEntry,
  type EntryFields,
  encodeEntry,
  hashOf,
  messageKind,
} from '../../src/daemon/group/entry.js';
import { createGroupKeys, groupKeysOf, publicKeysOf, toGroup } from '../../src/daemon/group/group-keys.js';
import { signingKey } from '../../src/daemon/group/keys.js';
import { GroupType } from '../../src/gen/weshnet/protocol/v1/types.js';
import { type MemoryGroup, memoryGroup } from '../support/memory-group.js';

const keys = createGroupKeys();

/** A member's log of three entries, and another member that has none of them. */
async function members(): Promise<{ entries: Buffer[]; other: MemoryGroup }> {
  const one = await memoryGroup(keys);
  await one.group.introduce();
  await one.group.introduce();
  await one.group.send(Buffer.from('hello'));
  return { entries: one.store.entries, other: await memoryGroup(keys) };
}

test('what members write is taken by members, and by those who only hold the log', async () => {
  const { entries, other } = await members();
  const { publicKey: groupPk, ...rest } = keys;
  const holder = await memoryGroup(publicKeysOf({ groupPk, ...rest }));
  for (const { group } of [other, holder]) {
    for (const entry of entries) await group.accept(entry).stored;
    assert.equal(group.index.arrived.length, 3);
    for (const entry of entries) assert.equal(group.accept(entry).outcome, 'known');
  }
  assert.deepEqual(holder.group.index.digest(), other.group.index.digest());
  await assert.rejects(holder.group.send(Buffer.from('x')), { code: 'NOT_A_MEMBER' });
});

test('an entry of which any bit was changed is refused and counted', async () => {
  const { entries, other } = await members();
  const [first = Buffer.alloc(0)] = entries;
  await fc.assert(
    fc.asyncProperty(fc.nat(first.length - 1), fc.nat(7), async (at, bit) => {
      const changed = Buffer.from(first);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      const refused = (): boolean => {
        try {
          // A number that was changed can make it one that does not follow.
          return other.group.accept(changed).outcome === 'gap';
        } catch (thrown) {
          return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENTRY_REFUSED';
        }
      };
      assert.ok(refused(), `byte ${at}`);
    }),
    { numRuns: 300 },
  );
  assert.equal(other.group.index.arrived.length, 0);
  assert.ok(other.counts.of('refused_forged') > 100);
  assert.ok(other.counts.of('refused_malformed') > 0);
});

test('any bytes at all are refused', async () => {
  const { group } = await memoryGroup(keys);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      assert.throws(() => group.accept(bytes), { code: 'ENTRY_REFUSED' });
    }),
  );
});

/** The first entry of a device, with a signature of its own making. */
function firstEntry(
  more: Partial<EntryFields>,
  device = signingKey(randomBytes(32)),
  admits = keys.member?.admits,
): Buffer {
  const admission = admits?.sign(admissionText(keys.publicKey, device.publicKey));
  const fields: EntryFields = {
    kind: messageKind,
    group: keys.publicKey,
    device: device.publicKey,
    seq: 1,
    lamport: 1,
    writtenAtMs: 0,
    previous: Buffer.alloc(32),
    parents: [],
    admission,
    body: Buffer.from('x'),
    ...more,
  };
  return encodeEntry(fields, device);
}

test('a device that the group has not admitted writes nothing', async () => {
  const { group, counts } = await memoryGroup(keys);
  const stranger = signingKey(randomBytes(32));
  const other = createGroupKeys();
  assert.throws(() => group.accept(firstEntry({}, undefined, stranger)), { code: 'ENTRY_REFUSED' });
  assert.throws(() => group.accept(firstEntry({}, undefined, other.member?.admits)), {
    code: 'ENTRY_REFUSED',
  });
  assert.equal(counts.of('refused_forged'), 2);
  assert.throws(() => group.accept(firstEntry({ group: other.publicKey })), { code: 'ENTRY_REFUSED' });
  assert.equal(counts.of('refused_malformed'), 1);
  // The same form with the right proof is taken: it was the proof that was missing.
  assert.equal(group.accept(firstEntry({})).outcome, 'new');
});

test('of two entries with the same number the first one stays, and what follows the other is not taken', async () => {
  const { group, counts } = await memoryGroup(keys);
  const device = signingKey(randomBytes(32));
  const taken = firstEntry({ body: Buffer.from('one') }, device);
  const fork = firstEntry({ body: Buffer.from('two') }, device);
  await group.accept(taken).stored;
  assert.equal(group.accept(fork).outcome, 'forked');
  const second = { seq: 2, lamport: 2, admission: undefined };
  assert.equal(group.accept(firstEntry({ ...second, previous: hashOf(fork) }, device)).outcome, 'forked');
  assert.equal(group.accept(firstEntry({ ...second, previous: hashOf(taken) }, device)).outcome, 'new');
  assert.equal(group.accept(firstEntry({ ...second, seq: 9 }, device)).outcome, 'gap');
  assert.equal(counts.of('refused_forked'), 2);
});

test('limits of a group hold for what comes and for what is written', async () => {
  const { entries } = await members();
  const small = await memoryGroup(keys, { entries: 2 });
  assert.deepEqual(
    entries.map((entry) => small.group.accept(entry).outcome),
    ['new', 'new', 'full'],
  );
  const full = await memoryGroup(keys, { entries: 2 });
  await full.group.introduce();
  await full.group.introduce();
  await assert.rejects(full.group.send(Buffer.from('x')), { code: 'GROUP_FULL' });
  const alone = await memoryGroup(keys, { authors: 1 });
  assert.equal(alone.group.accept(firstEntry({})).outcome, 'new');
  assert.equal(alone.group.accept(firstEntry({})).outcome, 'full');
  await assert.rejects(full.group.send(Buffer.alloc(5_000_000)), { code: 'MESSAGE_TOO_LARGE' });
});

test('an invitation of which any part was changed is none', () => {
  const invitation = toGroup(keys, GroupType.GroupTypeMultiMember);
  assert.deepEqual(groupKeysOf(invitation).linkKey, keys.linkKey);
  for (const part of ['publicKey', 'secret', 'secretSig', 'signPub', 'linkKey', 'linkKeySig'] as const) {
    const changed = Buffer.from(invitation[part]);
    changed[3] = (changed[3] ?? 0) ^ 1;
    assert.throws(() => groupKeysOf({ ...invitation, [part]: changed }), { code: 'GROUP_INVALID' }, part);
  }
});

test('entries are read back as they were written', () => {
  const parents = [randomBytes(32), randomBytes(32)];
  const entry = decodeEntry(firstEntry({ parents, lamport: 2 ** 40, writtenAtMs: 1_700_000_000_000 }));
  assert.ok(entry);
  assert.deepEqual(
    entry.parents.map((parent) => Buffer.from(parent)),
    parents,
  );
  assert.deepEqual([entry.seq, entry.lamport, entry.writtenAtMs], [1, 2 ** 40, 1_700_000_000_000]);
  assert.equal(Buffer.from(entry.body).toString(), 'x');
});
