import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { KernelStage } from '../../../support/faults/kernel-stage.js';
import { withoutLab } from '../../../support/lab/stage.js';

const missing = await withoutLab();

describe('a cut by the kernel over IPv6', { skip: missing }, () => {
  let stage: KernelStage;
  before(async () => {
    stage = await KernelStage.open({ ipv6: true });
  });
  after(() => stage?.close());

  test('hits the node that is named, in whatever form its address is written, spares others, is confirmed and healed', async () => {
    const written = stage.peerAddress.toUpperCase().replace('::', ':0:0:0:0:');
    const from = [{ node: 'peer', addresses: [written] }];
    const { by, before, during, after, dropped, proven, sights } = await stage.acted('partition', { from });
    assert.equal(by, 'nft');
    assert.deepEqual(
      [during.toHub, during.hubFlow, during.toPeer, during.peerFlow, during.toDaemon],
      ['accepted', 'echoed', 'silence', 'silence', 'accepted'],
    );
    assert.equal(during.datagrams.back, 0);
    assert.ok(dropped > 0);
    for (const looks of [before, after]) {
      assert.deepEqual([looks.hubFlow, looks.peerFlow], ['echoed', 'echoed']);
      assert.equal(looks.datagrams.back, looks.datagrams.sent);
    }
    assert.equal(proven?.outcome, 'confirmed', proven?.reason);
    const looked = new Set(sights.map(({ path, name }) => `${path} ${name.replace(/\d+$/, '')}`));
    assert.ok(looked.has(`affected tcp [${stage.peerAddress}]:`), [...looked].join());
    assert.ok(looked.has('spared tcp [::1]:'), [...looked].join());
  });
});
