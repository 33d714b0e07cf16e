import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type InstanceEntry, type NodeEntry, nodeEntry } from '../../src/bus/messages.js';
import { type Claim, decideClaim } from '../../src/hub/claims.js';

const key = (letter: string) => `U${letter.repeat(55)}`;
const entry = (over: Partial<NodeEntry> = {}): NodeEntry => ({
  v: 1,
  name: 'n1',
  keys: [key('A'), key('B')].map((one) => ({ key: one, boundAtMs: 1, token: 't' })),
  labels: {},
  epoch: 0,
  owner: '',
  instances: [],
  createdAtMs: 1,
  lastSeenAtMs: 0,
  ...over,
});
const claim = (
  over: { key?: string; boot?: string; share?: boolean; instance?: string; lives?: string } = {},
): Claim => ({
  node: 'n1',
  key: over.key ?? key('A'),
  hello: {
    v: 1,
    version: '1',
    features: [],
    boot: over.boot ?? 'boot1',
    share: over.share ?? false,
    labels: { zone: 'cellar' },
    services: ['/a.'],
    ...(over.instance === undefined ? {} : { instance: over.instance }),
  },
  hub: 'h1',
  nowMs: 1000,
  ownerLives: (owner) => owner === over.lives,
});

/** The entry after a claim that has to succeed, and the instance's id. */
function claimed(
  before: NodeEntry,
  order: Claim,
): { after: NodeEntry; mine: InstanceEntry; superseded: string[] } {
  const { write, result } = decideClaim(before, order);
  assert.ok(write !== undefined && result.ok, JSON.stringify(result));
  return { after: write, mine: result.instance, superseded: result.superseded.map(({ id }) => id) };
}

function refused(before: NodeEntry | undefined, order: Claim): string {
  const { write, result } = decideClaim(before, order);
  assert.equal(write, undefined, 'who is refused changes nothing');
  assert.ok(!result.ok);
  return result.code;
}

describe('a claim', () => {
  it('gives a place with an epoch of its own', () => {
    const { after, mine } = claimed(entry({ epoch: 6, owner: 'dead' }), claim());
    assert.equal(mine.epoch, 7);
    assert.match(mine.id, /^7-[0-9a-f]{16}$/);
    assert.deepEqual(after.instances, [mine]);
    assert.equal(after.epoch, 7);
    assert.equal(after.lastSeenAtMs, 1000);
    assert.deepEqual(after.labels, { zone: 'cellar' });
    assert.equal(after.owner, 'h1', 'an owner that is gone is replaced');
    assert.equal(claimed(entry({ owner: 'h2' }), claim({ lives: 'h2' })).after.owner, 'h2');
    nodeEntry.parse(after);
  });

  it('for a tunnel has its hub watch over the node, whoever did before', () => {
    const before = entry({ owner: 'h0' });
    assert.equal(claimed(before, claim({ lives: 'h0' })).after.owner, 'h0');
    assert.equal(claimed(before, { ...claim({ lives: 'h0' }), tunnelTo: 'h1' }).after.owner, 'h1');
  });

  it('needs a known name, a bound key and a node that was not revoked', () => {
    assert.equal(refused(undefined, claim()), 'revoked');
    assert.equal(refused(entry(), claim({ key: key('C') })), 'revoked');
    assert.equal(refused(entry({ revokedAtMs: 5 }), claim()), 'revoked');
  });

  it('of a newer process supersedes the older one with the same key', () => {
    const first = claimed(entry(), claim());
    const second = claimed(first.after, claim({ boot: 'boot2' }));
    assert.deepEqual(second.superseded, [first.mine.id]);
    assert.deepEqual(second.after.instances, [second.mine]);
    assert.equal(
      refused(second.after, claim({ boot: 'boot1', instance: first.mine.id })),
      'superseded',
      'the older one does not come back',
    );
  });

  it('of another key waits, and the first is undisturbed', () => {
    const first = claimed(entry(), claim());
    assert.equal(refused(first.after, claim({ key: key('B'), boot: 'b' })), 'occupied');
    assert.equal(refused(first.after, claim({ key: key('B'), boot: 'b', share: true })), 'occupied');
    const sharing = claimed(entry(), claim({ share: true }));
    assert.equal(refused(sharing.after, claim({ key: key('B'), boot: 'b' })), 'occupied');
  });

  it('shares where all share', () => {
    const first = claimed(entry(), claim({ share: true }));
    const second = claimed(first.after, claim({ key: key('B'), boot: 'b', share: true }));
    const third = claimed(second.after, claim({ boot: 'c', share: true }));
    assert.equal(third.after.instances.length, 3);
    assert.deepEqual([...second.superseded, ...third.superseded], []);
    assert.equal(new Set(third.after.instances.map(({ epoch }) => epoch)).size, 3);
  });

  it('of the same process changes nothing but what it says of itself', () => {
    const first = claimed(entry(), claim());
    for (const again of [claim(), claim({ instance: first.mine.id })]) {
      const { after, mine } = claimed(first.after, { ...again, nowMs: 5000 });
      assert.equal(mine.id, first.mine.id);
      assert.equal(mine.sinceMs, first.mine.sinceMs);
      assert.equal(after.epoch, first.after.epoch);
    }
  });

  it('of an instance that was given up keeps its place if nobody came meanwhile', () => {
    const first = claimed(entry(), claim());
    const lost = { ...first.after, instances: [] };
    assert.equal(claimed(lost, claim({ instance: first.mine.id })).mine.id, first.mine.id);
    const other = claimed(lost, claim({ key: key('B'), boot: 'b' }));
    const gone = { ...other.after, instances: [] };
    assert.equal(claimed(gone, claim({ instance: first.mine.id })).mine.epoch, 3, 'a new place');
  });

  it('cannot be made for an instance that was never given', () => {
    for (const instance of ['9-0123456789abcdef', '1-x', 'x', '0-0123456789abcdef', '-1-0123456789abcdef']) {
      assert.equal(claimed(entry(), claim({ instance })).mine.epoch, 1, instance);
    }
  });

  it('never leaves two that do not both share, whatever the order of claims and losses', () => {
    const step = fc.record({
      key: fc.constantFrom(key('A'), key('B')),
      boot: fc.constantFrom('b1', 'b2', 'b3'),
      share: fc.boolean(),
      resume: fc.nat(9),
      lose: fc.option(fc.nat(3), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let now = entry();
        const given: string[] = [];
        for (const { lose, resume, ...hello } of steps) {
          if (lose !== undefined) now = { ...now, instances: now.instances.filter((_, i) => i !== lose) };
          const instance = given[resume];
          const { write, result } = decideClaim(
            now,
            claim(instance === undefined ? hello : { ...hello, instance }),
          );
          if (!result.ok) continue;
          given.push(result.instance.id);
          assert.ok(write !== undefined && write.epoch >= now.epoch, 'epochs never go back');
          now = write;
          nodeEntry.parse(now);
          const { instances } = now;
          assert.ok(instances.length === 1 || instances.every((one) => one.share));
          assert.equal(new Set(instances.map(({ id }) => id)).size, instances.length);
          assert.equal(new Set(instances.map(({ epoch }) => epoch)).size, instances.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
