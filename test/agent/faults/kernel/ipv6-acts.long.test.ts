import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelStage } from '../../../support/faults/kernel-stage.js';
import { assertLot } from '../../../support/faults/lot.js';
import { withoutLab } from '../../../support/lab/stage.js';

const missing = await withoutLab();

for (const rootless of process.getuid?.() === 0 ? [false, true] : [true]) {
  describe(`faults by the kernel over IPv6, ${rootless ? 'without being root' : 'as root'}`, {
    skip: missing,
  }, () => {
    let stage: KernelStage;
    before(async () => {
      stage = await KernelStage.open({ rootless, ipv6: true });
    });
    after(() => stage?.close());

    for (const [scope, hub, peer] of [
      ['hub', 'silence', 'accepted'],
      ['daemon', 'accepted', 'silence'],
      ['host', 'silence', 'silence'],
    ] as const) {
      test(`a partition of the scope ${scope} cuts that, spares the rest and loopback, and is confirmed`, async () => {
        const { by, during, after, proven } = await stage.acted('partition', { scope });
        assert.equal(by, 'nft');
        assert.deepEqual([during.toHub, during.toPeer, during.toDaemon], [hub, peer, 'accepted']);
        assert.equal(during.datagrams.back, peer === 'silence' ? 0 : during.datagrams.sent);
        assert.deepEqual(during.datagrams.refused, []);
        assert.deepEqual([after.hubFlow, after.peerFlow, after.toDaemon], ['echoed', 'echoed', 'accepted']);
        assert.equal(proven?.outcome, 'confirmed', proven?.reason);
      });
    }

    for (const direction of ['in', 'out'] as const) {
      test(`a partition of what goes ${direction} lets the other way pass`, async () => {
        const heard = stage.peer.lines().length;
        const shape = { scope: 'daemon', direction, from: stage.peerAsNamed } as const;
        const { during, proven } = await stage.acted('partition', shape);
        const { sent, back } = during.datagrams;
        assert.equal(back, 0);
        // before, while it acted, and afterwards
        assert.equal(stage.peer.lines().length - heard, direction === 'in' ? 3 * sent : 2 * sent);
        assert.equal(proven?.outcome, 'confirmed', proven?.reason);
      });
    }

    test('a loss of 30 % both ways is one of about so many', async () => {
      const shape = { share: 0.3, scope: 'daemon', from: stage.peerAsNamed } as const;
      const { during, after, proven } = await stage.acted('loss', shape, { datagrams: 600, forMs: 8_000 });
      assertLot(during.datagrams.back, during.datagrams.sent, 0.7 ** 2);
      assert.equal(after.datagrams.back, after.datagrams.sent);
      assert.equal(proven?.outcome, 'confirmed', proven?.reason);
    });

    test('a reset breaks connections and refuses new ones, and spares others', async () => {
      const shape = { scope: 'daemon', from: stage.peerAsNamed } as const;
      const { during, after, proven } = await stage.acted('reset', shape);
      assert.deepEqual([during.toPeer, during.peerFlow], ['refused', 'ECONNRESET']);
      assert.deepEqual([during.toHub, during.hubFlow, after.toPeer], ['accepted', 'echoed', 'accepted']);
      assert.equal(proven?.outcome, 'confirmed', proven?.reason);
    });

    test('an interface that is put down is up again with its addresses and routes', async () => {
      const { by, during, after, proven } = await stage.acted('interface', {}, { settleMs: 3_000 });
      assert.equal(by, 'ip');
      assert.deepEqual([during.toHub, during.hubFlow, during.toDaemon], ['refused', 'silence', 'accepted']);
      assert.deepEqual([after.hubFlow, after.peerFlow], ['echoed', 'echoed']);
      assert.equal(proven?.outcome, 'confirmed', proven?.reason);
    });

    test('a rate lets no more out, and is confirmed', async () => {
      const rate = 200_000;
      const shape = { scope: 'host', bytesPerSecond: rate } as const;
      const { by, during, proven } = await stage.acted('rate', shape, { bulk: 600_000, forMs: 8_000 });
      assert.equal(by, 'tbf');
      assert.ok(during.bytesPerSecond < rate * 1.1, String(during.bytesPerSecond));
      assert.equal(proven?.outcome, 'confirmed', proven?.reason);
    });
  });
}
