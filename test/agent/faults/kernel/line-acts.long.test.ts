import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelStage } from '../../../support/faults/kernel-stage.js';
import { withoutLab } from '../../../support/lab/stage.js';
import { eventually } from '../../../support/processes.js';

const missing = await withoutLab();
const rate = 200_000;

for (const rootless of process.getuid?.() === 0 ? [false, true] : [true]) {
  describe(`faults of interfaces by the kernel, ${rootless ? 'without being root' : 'as root'}`, {
    skip: missing,
  }, () => {
    let stage: KernelStage;
    before(async () => {
      stage = await KernelStage.open({ rootless });
    });
    after(() => stage?.close());

    test('a rate lets no more out, one at a time, and is confirmed', async () => {
      const shape = { scope: 'host', bytesPerSecond: rate } as const;
      const { by, before, during, proven, rival, states } = await stage.acted('rate', shape, {
        ...{ bulk: 600_000, forMs: 8_000, rival: true },
      });
      assert.equal(by, 'tbf');
      assert.match(states.during, /qdisc tbf 5[0-9a-f]{3}: dev wan root/);
      // The bucket is full when it begins.
      const { bytesPerSecond } = during;
      assert.ok(bytesPerSecond < rate * 1.1 && bytesPerSecond > rate * 0.5, String(bytesPerSecond));
      assert.ok(before.bytesPerSecond > rate * 5, String(before.bytesPerSecond));
      assert.match(rival, /r\.f has the interface wan/);
      assert.equal(proven?.outcome, 'confirmed', proven?.reason);
    });

    test('an interface that is put down is up again with all its addresses and routes, and that is confirmed', async () => {
      const { by, during, after, proven, states } = await stage.acted('interface', {}, { settleMs: 3_000 });
      assert.equal(by, 'ip');
      assert.match(states.before, /default via 100\.64\.0\.1 dev wan/);
      assert.doesNotMatch(states.during, /default via/);
      assert.doesNotMatch(states.during, /2001:db8:5::2/);
      assert.deepEqual([during.toHub, during.toDaemon], ['refused', 'accepted']);
      assert.equal(during.hubFlow, 'silence');
      assert.deepEqual([after.hubFlow, after.peerFlow], ['echoed', 'echoed']);
      assert.equal(proven?.outcome, 'confirmed', proven?.reason);
    });

    test('an interface that leads nowhere proves that nothing was disturbed', async () => {
      const { during, proven } = await stage.acted('interface', { interface: 'spare0' }, { settleMs: 3_000 });
      assert.deepEqual([during.toHub, during.toPeer], ['accepted', 'accepted']);
      assert.equal(proven?.outcome, 'mismatch', proven?.reason);
      const shape = { scope: 'host', bytesPerSecond: rate, interface: 'spare0' } as const;
      const limited = await stage.acted('rate', shape);
      assert.equal(limited.proven?.outcome, 'mismatch', limited.proven?.reason);
    });

    test('a queueing discipline of somebody else is not replaced', async () => {
      await stage.run([
        'tc',
        'qdisc',
        'add',
        'dev',
        'spare1',
        'root',
        'handle',
        '77:',
        'pfifo',
        'limit',
        '50',
      ]);
      const there = await stage.run(['tc', 'qdisc', 'show']);
      const shape = { scope: 'host', bytesPerSecond: rate, interface: 'spare1' } as const;
      const { refused } = await stage.act('rate', shape);
      assert.equal(refused?.code, 'UNSUPPORTED');
      assert.match(refused?.message ?? '', /spare1 has the queueing discipline pfifo 77:/);
      assert.equal(await stage.run(['tc', 'qdisc', 'show']), there);
    });

    test('what cannot be done is refused, with what is missing', async () => {
      const host = { scope: 'host', bytesPerSecond: rate } as const;
      for (const [kind, shape, why] of [
        ['interface', { interface: 'eth77' }, /no interface eth77/],
        ['interface', { interface: 'lo' }, /lo is loopback/],
        ['rate', { bytesPerSecond: rate, scope: 'daemon' }, /say scope host, or give the agent relays/],
        ['rate', { ...host, direction: 'in' }, /not with what comes/],
        ['rate', { ...host, from: stage.peerAsNamed }, /not towards some/],
        ['stall', {}, /the kernel cannot do stall/],
        ['partition', { scope: 'hub', from: stage.peerAsNamed }, /no way to other nodes/],
        ['partition', { from: [{ node: 'x', addresses: ['127.0.0.1'] }] }, /'x' is on this machine/],
        ['partition', { from: [{ node: 'x', addresses: [] }] }, /nobody knows at which addresses 'x' is/],
      ] as const) {
        const { refused } = await stage.act(kind, shape);
        assert.equal(refused?.code, 'UNSUPPORTED', kind);
        assert.match(refused?.message ?? '', why);
      }
      // Many kernels have no netem; netem.long.test.ts tries one that has.
      const late = await stage.act('delay', { scope: 'host', delayMs: 100 });
      if (late.refused === undefined) assert.equal(late.by, 'netem');
      else assert.match(late.refused.message, /no netem .*it needs the module sch_netem/);
    });

    for (const [kind, shape, shown] of [
      ['interface', {}, /wan.* state DOWN/],
      ['rate', { scope: 'host', bytesPerSecond: rate }, /qdisc tbf/],
    ] as const) {
      test(`the guardian undoes ${kind} when the agent is killed, and all is as it was`, async () => {
        const was = await stage.state();
        assert.match(await stage.dying(kind, shape), shown);
        await eventually('it is as it was', async () => (await stage.state()) === was);
      });
    }

    test('an interface that vanishes while it is disturbed is told of', async () => {
      const shape = { scope: 'host', bytesPerSecond: rate, interface: 'spare0' } as const;
      const gone = await stage.act('rate', shape, { meanwhile: ['ip', 'link', 'del', 'dev', 'spare0'] });
      if (gone.refused !== undefined) assert.fail(gone.refused.message);
      assert.equal(gone.healed.code, 'FAULT_DIFFERED');
      assert.match(gone.healed.message ?? '', /the interface spare0 has vanished/);
    });
  });
}
