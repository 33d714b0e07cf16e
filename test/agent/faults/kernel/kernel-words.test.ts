import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Refusal } from '../../../../src/agent/faults/injection.js';
import { KernelAbilities } from '../../../../src/agent/faults/kernel/abilities.js';
import { tableText } from '../../../../src/agent/faults/kernel/cut-table.js';
import { cannotTell, disturbanceOf } from '../../../../src/agent/faults/kernel/disturbance.js';
import { checkFree, handleOf, isOurs, qdiscWords } from '../../../../src/agent/faults/kernel/qdisc.js';
import { type FaultKind, type FaultShape, plainShape } from '../../../../src/fault-kinds.js';

const act = (kind: FaultKind, shape: Partial<FaultShape> = {}) => ({
  kind,
  shape: { ...plainShape(kind), ...shape },
});
const linux = process.platform === 'linux' ? false : 'these programs are those of Linux';

test('where a program is missing its package is named', { skip: linux }, async () => {
  const abilities = new KernelAbilities('K', []);
  const found: Refusal[] = [];
  for (const one of [await abilities.nft('drop'), await abilities.tools(), await abilities.qdisc('netem')]) {
    if (typeof one === 'string' || !('code' in one)) assert.fail('it was found nowhere');
    found.push(one);
  }
  assert.deepEqual(
    found.map(({ code }) => code),
    ['UNSUPPORTED', 'UNSUPPORTED', 'UNSUPPORTED'],
  );
  assert.match(found[0]?.message ?? '', /apt install nftables/);
  assert.match(found[2]?.message ?? '', /apt install iproute2/);
});

test('queues are asked for what was meant', () => {
  const words = (kind: FaultKind, shape: Partial<FaultShape>) =>
    qdiscWords(act(kind, shape), 1_500).words.slice(2).join(' ');
  assert.equal(words('delay', { delayMs: 100, jitterMs: 2.5 }), 'delay 100000us 2500us');
  assert.equal(words('duplicate', { share: 0.0125 }), 'duplicate 1.25%');
  assert.equal(words('loss', { share: 0.001 }), 'loss 0.1%');
  // netem is told which share is not held back
  assert.equal(words('reorder', { share: 0.3, delayMs: 20 }), 'delay 20000us reorder 70%');
});

test('a rate has a bucket for one packet at least, and for what goes between two ticks of a clock', () => {
  const amounts = fc.tuple(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 68, max: 65_535 }));
  fc.assert(
    fc.property(amounts, ([bytesPerSecond, mtu]) => {
      const { kind, words } = qdiscWords(act('rate', { bytesPerSecond }), mtu);
      const [, rate, , burst, , limit] = words;
      assert.deepEqual([kind, rate], ['tbf', `${bytesPerSecond * 8}bit`]);
      assert.ok(Number(burst) > mtu && Number(burst) >= bytesPerSecond / 100);
      assert.ok(Number(limit) >= Number(burst) + 8 * mtu);
    }),
  );
});

test('only the default of the kernel gives way to a queue', () => {
  const queue = (kind: string, handle: string) => ({ kind, handle, packets: 0, drops: 0 });
  checkFree('eth0', undefined);
  checkFree('eth0', queue('fq_codel', '0:'));
  assert.throws(() => checkFree('eth0', queue('htb', '1:')), {
    code: 'UNSUPPORTED',
    message: /eth0.*htb 1:/,
  });
  const ours = queue('tbf', handleOf('K', 'r.f'));
  assert.ok(isOurs(ours));
  assert.throws(() => checkFree('eth0', ours), { code: 'FAULT_BUSY' });
});

test('packets that cannot be told from others are not disturbed', () => {
  const hub = ['203.0.113.1'];
  const from = (...addresses: string[]) => [{ node: 'x', addresses }];
  const why = (shape: Partial<FaultShape>, elsewhere = true) =>
    cannotTell(act('partition', shape), hub, elsewhere)?.message;
  assert.match(why({ scope: 'hub' }, false) ?? '', /the hub is on this machine/);
  assert.equal(why({ scope: 'hub' }), undefined);
  assert.match(why({ from: from('::ffff:127.0.0.1') }) ?? '', /'x' is on this machine/);
  assert.match(why({ from: from('203.0.113.1') }) ?? '', /scope daemon spares/);
  assert.equal(why({ scope: 'host', from: from('203.0.113.1') }), undefined);
  assert.match(why({ from: from() }) ?? '', /--daemon-address/);
});

test('a table says each address once, in its family, and a share to a millionth', () => {
  const shape = { from: [{ node: 'x', addresses: ['::ffff:192.0.2.7', '192.0.2.7', '2001:db8::7'] }] };
  const text = (share: number, quietAt: string[] = []) =>
    tableText('t', { ...disturbanceOf(act('loss', { ...shape, share }), ['203.0.113.1']), quietAt }, 900);
  const elements = text(0.125)
    .split('\n')
    .filter((line) => line.startsWith('add element'));
  assert.deepEqual(elements, [
    'add element inet t spared4 { 203.0.113.1 }',
    'add element inet t hit4 { 192.0.2.7 timeout 900ms }',
    'add element inet t hit6 { 2001:db8::7 timeout 900ms }',
  ]);
  assert.match(text(0.125), /numgen random mod 1000000 < 125000 jump gone/);
  assert.doesNotMatch(text(1), /numgen/);
  assert.doesNotMatch(text(1), /netdev/);
  assert.match(text(1, ['eth0', 'wan']), /egress devices = \{ "eth0", "wan" \}/);
});
