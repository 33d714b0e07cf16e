import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FaultKind, plainShape } from '../../../src/fault-kinds.js';
import type { FaultShape } from '../../../src/gen/postern/v1/faults.js';
import { withoutLab } from '../../support/lab/stage.js';
import { eventually } from '../../support/processes.js';
import { FaultLab } from './lab-stage.js';

const missing = await withoutLab();
const open = { hub: true, peer: true };

describe('faults of a node that has its hub, its peers and its daemon by IPv6 alone, in a lab', {
  skip: missing,
}, () => {
  let lab: FaultLab;
  let untouched: string;
  before(async () => {
    lab = await FaultLab.open({ ipv6: true });
    untouched = await lab.state();
  });
  after(() => lab?.close());

  /** Arms a fault, looks what can be reached while it acts, and waits for its end. */
  const done = async (kind: FaultKind, by: string, more: Partial<FaultShape> = {}) => {
    const shape: FaultShape = { ...plainShape(kind), from: [], ...more };
    const isCut = by !== 'tbf' && by !== 'signal';
    const fault = `${kind}-${shape.scope}-${shape.direction}-${shape.from.length}`;
    await lab.faults.arm('north', fault, { kind, shape, atMs: Date.now() + 1_500, forMs: 4_000 });
    // A hub that is cut off cannot tell of it.
    const cut = await eventually(
      'it acts',
      async () => {
        const reached = await lab.reaches();
        if (!(reached.hub && reached.peer)) return reached;
        return isCut ? undefined : (await lab.faults.show('north', fault)).state === 'injected' && reached;
      },
      { everyMs: 20 },
    );
    const healed = await lab.faults.comesTo('north', fault, 'healed', 40_000);
    assert.deepEqual([healed.by, healed.code], [by, ''], healed.reason);
    assert.equal(healed.proof?.outcome, 'confirmed', healed.proof?.reason);
    assert.deepEqual(await lab.reaches(), open);
    await eventually('all is as it was', async () => (await lab.state()) === untouched);
    return cut;
  };

  test('a cut of the link drops what goes to the hub, and nothing else', async () => {
    assert.deepEqual(await lab.reaches(), open);
    assert.deepEqual(await done('link', 'nft'), { hub: false, peer: true });
  });

  for (const direction of ['both', 'in', 'out'] as const) {
    test(`a partition (${direction}) from a node that is named leaves the hub`, async () => {
      const from = [{ node: 'peer', addresses: [lab.address('peer')] }];
      assert.deepEqual(await done('partition', 'nft', { from, direction }), { hub: true, peer: false });
    });
  }

  test('an interface goes down, and comes up with its addresses and routes', async () => {
    assert.deepEqual(await done('interface', 'ip'), { hub: false, peer: false });
  });

  test('a rate, and a daemon at ::1 that stands still, are seen', async () => {
    assert.deepEqual(await done('rate', 'tbf', { scope: 'host', bytesPerSecond: 200_000 }), open);
    assert.deepEqual(await done('pause', 'signal'), open);
  });

  test('what is on this machine, or nobody’s, is refused in whatever form it is written', async () => {
    const said = (address: string) => {
      const from = [{ node: 'peer', addresses: [address] }];
      const shape = { ...plainShape('partition'), from };
      return lab.faults.check('north', { kind: 'partition', shape });
    };
    const own = lab.address('north').replace('::', ':0:0:0:0:').toUpperCase();
    assert.match(await said(own), /'peer' is on this machine/);
    assert.match(await said(lab.address('hub').toUpperCase()), /at the address of the hub/);
    await assert.rejects(said('ff02::1'), /no address at which a machine is found/);
  });
});
