import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelStage } from '../../../support/faults/kernel-stage.js';
import { assertLot } from '../../../support/faults/lot.js';
import { withoutLab } from '../../../support/lab/stage.js';

const missing = await withoutLab();

for (const rootless of process.getuid?.() === 0 ? [false, true] : [true]) {
  describe(`faults of packets by the kernel, ${rootless ? 'without being root' : 'as root'}`, {
    skip: missing,
  }, () => {
    let stage: KernelStage;
    before(async () => {
      stage = await KernelStage.open({ rootless });
    });
    after(() => stage?.close());

    for (const [scope, hub, peer] of [
      ['hub', 'silence', 'accepted'],
      ['daemon', 'accepted', 'silence'],
      ['host', 'silence', 'silence'],
    ] as const) {
      test(`a partition of the scope ${scope} cuts that, spares the rest and loopback, and is confirmed`, async () => {
        const { by, before, during, after, dropped, proven, states } = await stage.acted('partition', {
          scope,
        });
        assert.equal(by, 'nft');
        assert.deepEqual([during.toHub, during.toPeer, during.toDaemon], [hub, peer, 'accepted']);
        const flow = (dialled: string) => (dialled === 'accepted' ? 'echoed' : dialled);
        assert.deepEqual([during.hubFlow, during.peerFlow], [flow(hub), flow(peer)]);
        assert.equal(during.datagrams.back, peer === 'silence' ? 0 : during.datagrams.sent);
        assert.ok(dropped > 0);
        // Whoever sends datagrams is told of a cut by no error.
        if (states.during.includes('hook egress')) assert.deepEqual(during.datagrams.refused, []);
        for (const looks of [before, after]) {
          assert.deepEqual([looks.hubFlow, looks.peerFlow, looks.toDaemon], ['echoed', 'echoed', 'accepted']);
        }
        assert.equal(proven?.outcome, 'confirmed', proven?.reason);
      });
    }

    test('a partition from a node that is named spares the others', async () => {
      const from = stage.peerAsNamed;
      const { during, proven } = await stage.acted('partition', { scope: 'host', from });
      assert.deepEqual([during.toHub, during.toPeer], ['accepted', 'silence']);
      assert.equal(proven?.outcome, 'confirmed', proven?.reason);
    });

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

    for (const [direction, share] of [
      ['both', 0.7 ** 2],
      ['out', 0.7],
    ] as const) {
      test(`a loss of 30 % ${direction === 'both' ? 'both ways' : 'of what goes out'} is one of about so many`, async () => {
        const shape = { share: 0.3, scope: 'daemon', direction, from: stage.peerAsNamed } as const;
        const { during, after, proven } = await stage.acted('loss', shape, { datagrams: 600, forMs: 8_000 });
        assertLot(during.datagrams.back, during.datagrams.sent, share);
        assert.equal(after.datagrams.back, after.datagrams.sent);
        assert.equal(during.toHub, 'accepted');
        assert.equal(proven?.outcome, 'confirmed', proven?.reason);
      });
    }

    test('a reset breaks connections and refuses new ones, of all protocols that it can, and spares others', async () => {
      const from = stage.peerAsNamed;
      const { during, after, proven } = await stage.acted('reset', { scope: 'daemon', from });
      assert.deepEqual([during.toPeer, during.peerFlow], ['refused', 'ECONNRESET']);
      assert.deepEqual([during.toHub, during.hubFlow], ['accepted', 'echoed']);
      assert.equal(during.datagrams.back, 0);
      assert.equal(after.toPeer, 'accepted');
      assert.equal(proven?.outcome, 'confirmed', proven?.reason);
    });
  });
}
