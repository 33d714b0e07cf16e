import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shapeOf } from '../../src/cli/commands/faults/shape.js';
import { Options } from '../../src/cli/options.js';
import { shapeOptions } from '../../src/cli/table/fault-shape-options.js';
import { type FaultKind, factsOfKinds, plainShape } from '../../src/fault-kinds.js';

function shape(kind: FaultKind, said: Record<string, string> = {}) {
  return shapeOf(new Options(shapeOptions, new Map(Object.entries(said)), {}), kind);
}

test('a shape is read from options, and what is not said is as the kind has it', () => {
  assert.deepEqual(shape('peers'), plainShape('peers'));
  assert.deepEqual(
    shape('delay', {
      delay: '1.5s',
      jitter: '20ms',
      scope: 'hub',
      direction: 'in',
      way: 'userspace',
      seed: 's',
    }),
    {
      ...plainShape('delay'),
      ...{ delayMs: 1_500, jitterMs: 20, scope: 'hub', direction: 'in', way: 'userspace', seed: 's' },
    },
  );
  assert.equal(shape('loss', { portion: '12.5%' }).share, 0.125);
  assert.equal(shape('rate', { rate: '100KB' }).bytesPerSecond, 100_000);
  assert.equal(shape('clock', { clock: '-2h' }).clockMs, -7_200_000);
  assert.equal(shape('interface', { interface: 'eth0' }).interface, 'eth0');
});

test('the share of packets is said by the word of scenarios too, and told by the word that was said', () => {
  assert.equal(shape('loss', { share: '12.5%' }).share, 0.125);
  assert.throws(() => shape('loss', { share: '200%' }), /^PosternError: --share: '200%' is not a share/);
  assert.throws(() => shape('pause', { share: '1%' }), /^PosternError: --share: .* kind pause has none/);
});

test('nodes are named with the addresses at which they are found, or without', () => {
  assert.deepEqual(shape('partition', { from: 'south, west=192.0.2.7,2001:db8::7,attic' }).from, [
    { node: 'south', addresses: [] },
    { node: 'west', addresses: ['192.0.2.7', '2001:db8::7'] },
    { node: 'attic', addresses: [] },
  ]);
  assert.throws(
    () => shape('partition', { from: 'west=192.0.2' }),
    /--from: '192.0.2' in 'west=192.0.2' is no IP/,
  );
  assert.throws(() => shape('partition', { from: 'south,192.0.2.7' }), /--from: '192.0.2.7' names no node/);
});

for (const { kind, said, says } of [
  { kind: 'loss', said: {}, says: /a fault of the kind loss needs --portion, such as 10%/ },
  { kind: 'loss', said: { portion: '200%' }, says: /--portion: '200%' is not a share/ },
  {
    kind: 'pause',
    said: { portion: '1%' },
    says: /--portion: .* kind pause has none; these have: loss, duplicate, reorder/,
  },
  { kind: 'kill', said: { way: 'kernel' }, says: /--way: .* kind kill has none; these have: link, peers, / },
  { kind: 'link', said: { scope: 'daemon' }, says: /--scope: .* kind link has the scope hub/ },
  { kind: 'clock', said: { clock: 'soon' }, says: /--clock: 'soon' is not how far ahead or behind/ },
  {
    kind: 'delay',
    said: { delay: '10ms', jitter: '20ms' },
    says: /--jitter: is more than --delay/,
  },
  { kind: 'rate', said: { rate: 'fast' }, says: /--rate: 'fast' is not a size/ },
] as const) {
  test(`a ${kind} with ${JSON.stringify(said)} is refused before anything is sent`, () => {
    assert.throws(() => shape(kind, said), { message: says, exitCode: 2 });
  });
}

test('every amount that some kind has can be said', () => {
  const words: Record<string, string> = {
    ...{
      share: '1%',
      delayMs: '5ms',
      jitterMs: '5ms',
      bytesPerSecond: '1KB',
      clockMs: '+1h',
      interface: 'e',
    },
  };
  const options: Record<string, string> = {
    ...{ share: 'portion', delayMs: 'delay', jitterMs: 'jitter', bytesPerSecond: 'rate', clockMs: 'clock' },
    interface: 'interface',
  };
  for (const [name, { needs, takes }] of Object.entries(factsOfKinds)) {
    const kind = Object.keys(factsOfKinds).find((one): one is FaultKind => one === name);
    assert.ok(kind !== undefined);
    const amounts = [...needs, ...takes];
    const said = amounts.map((amount) => [options[amount] ?? '', words[amount] ?? '']);
    const read = shape(kind, Object.fromEntries(said));
    for (const amount of amounts)
      assert.notEqual(read[amount], plainShape(kind)[amount], `${kind} ${amount}`);
  }
});
