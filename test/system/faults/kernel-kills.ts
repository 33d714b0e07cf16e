import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { plainShape } from '../../../src/fault-kinds.js';
import type { FaultShape } from '../../../src/gen/postern/v1/faults.js';
import { killAtOnce, watchersLeft, watchersOf } from '../../support/faults/watchers.js';
import { labEnv, withoutLab } from '../../support/lab/stage.js';
import { eventually, type RunningProcess } from '../../support/processes.js';
import { FaultLab } from './lab-stage.js';

const missing = await withoutLab();
/** Whatever is killed, a fault acts no more after so long, milliseconds; and a machine may be busy. */
const leaseMs = 15_000;
const busyMs = 5_000;

/** Kinds of which the kernel has the table, a queue, an interface; and who gets kill -9. */
type Kind = 'peers' | 'rate' | 'interface';
type Whom = 'agent' | 'guardian' | 'both' | 'everything';

/** Tests that each of these kinds ends whoever of these gets kill -9, and that a foreign table and a foreign queue stay as they are. */
export function kernelKills(blows: readonly (readonly [Kind, Whom])[]): void {
  describe('whatever gets kill -9, faults by the kernel end, and nothing of ours is left', {
    skip: missing,
  }, () => {
    let lab: FaultLab;
    let agent: RunningProcess;
    let untouched: string;
    before(async () => {
      lab = await FaultLab.open();
      agent = lab.agent;
      const env = await labEnv();
      for (const words of [
        'nft add table inet foreign',
        'nft add chain inet foreign out { type filter hook output priority 0 ; }',
        'nft add rule inet foreign out ip daddr 192.0.2.99 drop',
        'ip link add name spare0 type veth peer name spare1',
        'tc qdisc add dev spare0 root handle 77: pfifo limit 7',
      ]) {
        const { code, stderr } = await lab.stage.run('north', words.split(' '), { env });
        assert.equal(code, 0, stderr);
      }
      untouched = await lab.state();
      for (const ours of [/table inet foreign/, /qdisc pfifo 77:/]) assert.match(untouched, ours);
    });
    after(() => lab?.close());

    const isPut = async () => (await lab.state()) !== untouched;
    const kinds: Readonly<Record<Kind, { acts: () => Promise<boolean>; more: Partial<FaultShape> }>> = {
      peers: { acts: async () => !(await lab.reaches()).peer, more: {} },
      rate: { acts: isPut, more: { scope: 'host', bytesPerSecond: 200_000, way: 'kernel' } },
      interface: { acts: isPut, more: {} },
    };
    const directory = () => path.join(lab.dir, 'north/agent/north/faults');

    for (const [kind, whom] of blows) {
      test(`${kind}: ${whom}`, async (t) => {
        const { acts, more } = kinds[kind];
        const fault = `${kind}-${whom}`;
        const shape: FaultShape = { ...plainShape(kind), from: [], ...more };
        // an interface that is down is healed by its time alone where the agent is there
        const forMs = whom === 'guardian' ? 8_000 : 3_600_000;
        await lab.faults.arm('north', fault, { kind, forMs, shape, atMs: Date.now() + 500 });
        await eventually('it acts', acts, { everyMs: 50 });
        const { guardians } = await eventually('a guardian watches', async () => {
          const found = await watchersOf(lab.dir);
          return found.guardians.length > 0 && found;
        });
        const killedMs = performance.now();
        if (whom === 'guardian') {
          killAtOnce(guardians);
          await eventually('another watches', async () => {
            const found = await watchersOf(lab.dir);
            return found.guardians.some((pid) => !guardians.includes(pid));
          });
        } else {
          if (whom !== 'agent') killAtOnce(guardians);
          if (whom === 'everything') await lab.killHub();
          await agent.stop('SIGKILL');
          await eventually('it acts no more', async () => !(await acts()), {
            everyMs: 250,
            timeoutMs: leaseMs + busyMs,
          });
          t.diagnostic(`${fault}: healed after ${Math.round(performance.now() - killedMs)} ms`);
          if (whom === 'everything') await lab.startHub();
        }
        await eventually('all is as it was', async () => (await lab.state()) === untouched, {
          timeoutMs: 40_000,
        });
        if (whom !== 'guardian') agent = await lab.startAgent();
        const healed = await lab.faults.comesTo('north', fault, 'healed');
        assert.equal(healed.code, whom === 'guardian' ? '' : 'AGENT_ENDED');
        await eventually('nobody watches', async () => (await watchersLeft(lab.dir)) === 0);
        assert.deepEqual(await readdir(path.join(directory(), 'undo')), []);
        assert.equal(await lab.state(), untouched);
      });
    }
  });
}
