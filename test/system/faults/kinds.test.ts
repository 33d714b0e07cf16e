import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { type FaultKind, type FaultShape, factsOfKinds, plainShape } from '../../../src/fault-kinds.js';
import type { FaultShape as ToldShape } from '../../../src/gen/postern/v1/faults.js';
import { OperatingStage } from '../../inspector/operate/stage.js';
import { FaultCaller } from './fault-caller.js';

/** Amounts that each kind needs. */
const amounts: Partial<Record<FaultKind, Partial<FaultShape>>> = {
  loss: { share: 0.5 },
  duplicate: { share: 0.5 },
  reorder: { share: 0.5 },
  rate: { bytesPerSecond: 1e6 },
  delay: { delayMs: 5 },
  clock: { clockMs: 60_000 },
};

/** A shape as messages tell it. */
function shaped(kind: FaultKind, more: Partial<FaultShape> = {}): ToldShape {
  const shape = { ...plainShape(kind), ...amounts[kind], ...more };
  return { ...shape, from: shape.from.map(({ node, addresses }) => ({ node, addresses: [...addresses] })) };
}

/** Kinds that relays do to the ways between daemons. */
const betweenDaemons = [
  'peers',
  'partition',
  'loss',
  'rate',
  'delay',
  'duplicate',
  'reorder',
  'reset',
  'stall',
] as const;

describe('each kind of fault, asked for through a hub', { concurrency: true }, () => {
  let stage: OperatingStage;
  let faults: FaultCaller;
  let daemon: ChildProcess;
  let address: string;
  before(async () => {
    // Whoever listens at the daemon's address is the daemon.
    const listens =
      "require('net').createServer().listen(0,'127.0.0.1',function(){console.log(this.address().port)})";
    daemon = spawn(process.execPath, ['-e', listens], { stdio: ['ignore', 'pipe', 'inherit'] });
    const told = daemon.stdout === null ? [] : await once(daemon.stdout, 'data');
    address = `127.0.0.1:${String(told[0]).trim()}`;
    stage = await OperatingStage.open();
    await stage.agent({
      node: 'north',
      daemon: address,
      daemonRelays: [`127.0.0.1:0=${address}`, `south@127.0.0.1:0=${address}`, 'udp:127.0.0.1:0=127.0.0.1:9'],
      daemonAddresses: ['192.0.2.9'],
      longestFaultSeconds: 30,
    });
    faults = new FaultCaller(stage.hub.address, stage.hub.adminToken);
  });
  after(async () => {
    faults?.close();
    await stage?.close();
    daemon?.kill('SIGKILL');
  });

  test('a node tells what it can do of each kind on each scope, its relays, its addresses and its limit', async () => {
    const told = await faults.capabilities('north');
    const all = Object.entries(factsOfKinds).flatMap(([kind, { scopes }]) =>
      scopes.map((scope) => `${kind}/${scope}`),
    );
    assert.deepEqual(told.kinds.map(({ kind, scope }) => `${kind}/${scope}`).sort(), all.sort());
    for (const { by, code, reason } of told.kinds) assert.equal(by === '', code !== '' && reason !== '');
    const by = new Map(told.kinds.map((one) => [`${one.kind}/${one.scope}`, one.by]));
    for (const kind of betweenDaemons) {
      assert.equal(by.get(`${kind}/daemon`), 'relay', kind);
    }
    for (const kind of ['link', 'partition', 'loss', 'rate', 'delay', 'reset', 'stall']) {
      assert.equal(by.get(`${kind}/hub`), 'userspace', kind);
    }
    for (const kind of ['pause', 'kill', 'restart']) assert.equal(by.get(`${kind}/daemon`), 'signal', kind);
    assert.deepEqual(
      told.relays.map(({ node, protocol, target }) => [node, protocol, target]),
      [
        ['', 'tcp', address],
        ['south', 'tcp', address],
        ['', 'udp', '127.0.0.1:9'],
      ],
    );
    for (const { listen } of told.relays) assert.match(listen, /^127\.0\.0\.1:[1-9]/);
    assert.deepEqual([told.addresses, told.longestMs], [['192.0.2.9'], 30_000]);
  });

  test('what a node cannot do it refuses, with what is missing, when it is asked and when it is armed', async () => {
    const refusals: readonly (readonly [FaultKind, Partial<FaultShape>, RegExp])[] = [
      ['interface', { way: 'userspace' }, /^UNSUPPORTED: an interface is put down by the kernel alone/],
      [
        'duplicate',
        { scope: 'hub', way: 'userspace' },
        /^UNSUPPORTED: .* are of TCP, which shows no duplicate/,
      ],
      [
        'stall',
        { from: [{ node: 'west', addresses: [] }] },
        /^UNSUPPORTED: by relays: .* west .*; by the kernel: the kernel cannot do stall/,
      ],
      ['stall', { way: 'kernel' }, /^UNSUPPORTED: the kernel cannot do stall/],
      [
        'partition',
        { scope: 'hub', direction: 'in', way: 'userspace' },
        /^UNSUPPORTED: .* in both directions/,
      ],
    ];
    for (const [i, [kind, more, says]] of refusals.entries()) {
      const shape = shaped(kind, more);
      assert.match(await faults.check('north', { kind, shape }), says);
      const { state, code, reason } = await faults.arm('north', `not-${i}`, { kind, shape, forMs: 100 });
      assert.equal(state, 'refused');
      assert.match(`${code}: ${reason}`, says);
    }
    const long = { kind: 'link', forMs: 30_001 };
    assert.match(await faults.check('north', long), /30.001 s, and this agent takes faults of 30 s at most/);
    assert.match(
      (await faults.arm('north', 'long', long)).reason,
      /30.001 s, and this agent takes faults of 30 s/,
    );
    await assert.rejects(faults.check('north', { kind: 'loss' }), /shape\.share: loss needs it/);
    assert.equal(await faults.check('north', { kind: 'partition', shape: shaped('partition') }), 'relay');
  });

  test('each kind that can be done acts at its time by what was told, is healed, and says what was seen of it', async () => {
    const from = [{ node: 'south', addresses: ['192.0.2.7'] }];
    const between = betweenDaemons.map((kind) => {
      // No relay of UDP leads to south.
      const isForAll = ['peers', 'duplicate', 'reorder'].includes(kind);
      return { fault: kind, kind, by: 'relay', shape: shaped(kind, isForAll ? {} : { from }) };
    });
    const first = [...between, { fault: 'pause', kind: 'pause', by: 'signal', shape: shaped('pause') }];
    const atMs = Date.now() + 1_500;
    await Promise.all(
      first.map(({ fault, kind, shape }) => faults.arm('north', fault, { kind, shape, atMs, forMs: 20_000 })),
    );
    const beside = await faults.arm('north', 'beside', { kind: 'kill', atMs: atMs + 19_000 });
    assert.match(
      beside.reason,
      /^the fault 'pause' \(pause\) of the run 'r1' has the daemon's process at that time/,
    );
    for (const { fault } of first) await faults.comesTo('north', fault, 'injected', 10_000);
    await faults.healAll('north');
    // The way to the hub, which nothing else needs meanwhile.
    const ways = (['loss', 'rate', 'delay', 'stall'] as const).map((kind) => ({
      kind,
      scope: 'hub' as const,
    }));
    const second = [...ways, { kind: 'delay' as const, scope: 'host' as const }].map(({ kind, scope }) => ({
      ...{ fault: `${scope}-${kind}`, kind, by: 'userspace' },
      shape: { ...shaped(kind, { scope, way: 'userspace' }), ...(kind === 'loss' && { share: 0.1 }) },
    }));
    await Promise.all(
      second.map(({ fault, kind, shape }) =>
        faults.arm('north', fault, { kind, shape, atMs: Date.now() + 1_500, forMs: 2_000 }),
      ),
    );
    for (const { fault, by } of [...first, ...second]) {
      const healed = await faults.comesTo('north', fault, 'healed', 20_000);
      assert.equal(healed.by, by, fault);
      assert.ok(healed.injectedAtMs >= healed.atMs - 50 && healed.healedAtMs > healed.injectedAtMs, fault);
      assert.match(healed.proof?.outcome ?? '', /^(?:confirmed|mismatch|inconclusive)$/, fault);
      assert.notEqual(healed.proof?.reason, '', fault);
      assert.equal(healed.shape?.scope, fault.startsWith('h') ? fault.split('-')[0] : 'daemon');
    }
  });
});
