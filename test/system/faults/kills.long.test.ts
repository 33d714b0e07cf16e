import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { debianFiles } from '../../../scripts/debian-tool.js';
import { faultPage } from '../../../src/agent/faults/fault-page.js';
import { hasOffset } from '../../../src/agent/faults/process/faketime.js';
import { plainShape } from '../../../src/fault-kinds.js';
import type { FaultShape } from '../../../src/gen/postern/v1/faults.js';
import { killAtOnce, watchersLeft, watchersOf } from '../../support/faults/watchers.js';
import { eventually } from '../../support/processes.js';
import { FaultStage, processState } from './stage.js';

const linux = process.platform === 'linux' ? false : 'faults of processes are of Linux';
/** Whatever is killed, a fault acts no more after so long, milliseconds. */
const leaseMs = 15_000;
const clockMs = 3_600_000;
const wrongClock: FaultShape = { ...plainShape('clock'), from: [], clockMs };
const quick = { everyMs: 20, timeoutMs: leaseMs };

const partition: FaultShape = { ...plainShape('partition'), from: [], way: 'userspace' };

/** What comes of speaking to the daemon by way of the agent's relay. */
function heard(relay: string): Promise<'an answer' | 'silence' | 'nobody'> {
  const [host = '', port = ''] = relay.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    const settle = (what: 'an answer' | 'silence' | 'nobody') => {
      socket.destroy();
      clearTimeout(timer);
      resolve(what);
    };
    const timer = setTimeout(() => settle('silence'), 1_000);
    // the preface of HTTP/2, and an empty SETTINGS (RFC 9113, 3.4)
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
    socket.once('data', () => settle('an answer'));
    socket.once('error', () => settle('nobody'));
    socket.once('close', () => settle('nobody'));
  });
}

/** Who gets kill -9. */
const victims = ['agent', 'guardian', 'both', 'everything'] as const;
type Victims = (typeof victims)[number];

describe('whatever gets kill -9, faults without the kernel end, and nothing of ours is left', {
  skip: linux,
}, () => {
  let stage: FaultStage;
  let shm: string[];
  before(async () => {
    const unpacked = path.join(await debianFiles('libfaketime'), 'usr/lib');
    const found = await readdir(unpacked);
    process.env.LD_LIBRARY_PATH = found.map((part) => path.join(unpacked, part, 'faketime')).join(':');
    shm = await readdir('/dev/shm');
    stage = await FaultStage.open();
  });
  after(() => stage?.close());

  const kinds: Readonly<Record<string, { acts: () => Promise<boolean>; shape?: FaultShape }>> = {
    pause: { acts: async () => (await processState((await stage.listeners())[0] ?? 0)) === 'T' },
    kill: { acts: async () => (await stage.listeners()).length === 0 },
    clock: { acts: async () => hasOffset((await stage.listeners())[0] ?? 0, clockMs), shape: wrongClock },
    // the relay and the gate are in the agent itself
    partition: { acts: async () => (await heard(stage.relay)) === 'silence', shape: partition },
    link: { acts: async () => !(await stage.fleet.stateOf('north')).startsWith('connected') },
  };

  const hit = async (whom: Victims): Promise<void> => {
    if (whom === 'everything') return stage.killEverything();
    const { guardians } = await watchersOf(stage.directory);
    if (whom !== 'agent') assert.equal(guardians.length, 1);
    killAtOnce([...(whom === 'guardian' ? [] : [stage.agent.pid]), ...(whom === 'agent' ? [] : guardians)]);
  };

  /** What the agent has on disk of a fault. */
  const pageOf = async (fault: string) =>
    faultPage.parse(JSON.parse(await readFile(path.join(stage.directory, `runs/r1/${fault}.json`), 'utf8')));

  /** The fault is over for the agent too, and nothing of it is there. */
  const nothingLeft = async (fault: string, code: string | undefined): Promise<void> => {
    const last = await eventually('the agent has written that it is healed', async () => {
      const healed = (await pageOf(fault)).past.findLast(({ type }) => type === 'HEALED');
      return healed?.type === 'HEALED' && healed;
    });
    assert.equal(last.code, code);
    await eventually('nobody watches', async () => (await watchersLeft(stage.directory)) === 0);
    assert.deepEqual(await readdir(path.join(stage.directory, 'undo')), []);
    const [pid = 0] = await stage.listeners();
    assert.match(await processState(pid), /[^T]/);
    assert.doesNotMatch(await readFile(`/proc/${pid}/environ`, 'latin1'), /FAKETIME|POSTERN_CLOCK/);
    assert.deepEqual(
      (await readdir('/dev/shm')).filter((name) => name.includes('faketime')),
      shm.filter((name) => name.includes('faketime')),
    );
  };

  for (const [kind, { acts, shape }] of Object.entries(kinds)) {
    for (const whom of victims) {
      const isInAgent = kind === 'link' || kind === 'partition';
      if (isInAgent && whom !== 'agent' && whom !== 'everything') continue; // it has no guardian
      test(`${kind}: ${whom}`, async (t) => {
        const fault = `${kind}-${whom}`;
        await stage.faults.arm('north', fault, { kind, forMs: 3_600_000, shape });
        await eventually('it acts', acts, { everyMs: 50 });
        await eventually('that is on disk', async () =>
          (await pageOf(fault)).past.some(({ type }) => type === 'INJECTED'),
        );
        const killedMs = performance.now();
        await hit(whom);
        if (whom === 'guardian') {
          // the agent is there: the fault goes on, and somebody watches again
          await eventually(
            'a guardian watches',
            async () => (await watchersOf(stage.directory)).guardians.length > 0,
          );
          assert.equal(await acts(), true);
          assert.equal((await stage.faults.heal('north', fault)).state, 'healed');
          return nothingLeft(fault, undefined);
        }
        await (isInAgent
          ? stage.agent.exited
          : eventually(
              'it is healed',
              async () => !(await acts()) && (await stage.listeners()).length > 0,
              quick,
            ));
        const tookMs = performance.now() - killedMs;
        t.diagnostic(`${fault}: healed after ${Math.round(tookMs)} ms`);
        assert.ok(tookMs < leaseMs);
        await stage.again(whom === 'everything');
        await nothingLeft(fault, 'AGENT_ENDED');
        assert.equal(await heard(stage.relay), 'an answer');
      });
    }
  }

  test('an agent that is killed at any moment while it injects or heals leaves nothing, and a file that cannot be read stops nothing', async () => {
    const undo = path.join(stage.directory, 'undo');
    for (const [n, kind] of ['clock', 'kill', 'pause', 'clock', 'kill', 'clock'].entries()) {
      const fault = `half-${n}`;
      const shape = kind === 'clock' ? wrongClock : undefined;
      await stage.faults.arm('north', fault, { kind, forMs: 3_600_000, shape });
      await eventually(
        'what undoes it is on disk',
        async () => (await readdir(undo)).includes(`r1.${fault}.json`),
        {
          everyMs: 1,
        },
      );
      if (n % 2 === 1) {
        await stage.faults.comesTo('north', fault, 'injected');
        void stage.faults.heal('north', fault).catch(() => {});
      }
      await sleep(Math.random() * (kind === 'clock' ? 2_000 : 100));
      const { guardians } = await watchersOf(stage.directory);
      killAtOnce([stage.agent.pid, ...(n % 3 === 0 ? guardians : [])]);
      await writeFile(path.join(undo, 'odd.json'), '{"v":1');
      await eventually('the daemon is there and goes on', async () => {
        const [pid] = await stage.listeners();
        return pid !== undefined && (await processState(pid)) !== 'T' && !(await hasOffset(pid, clockMs));
      });
      await stage.again(false);
      assert.match(stage.agent.stderr(), /odd\.json/);
      await eventually('nothing is open', async () => String(await readdir(undo)) === 'odd.json');
      await eventually('nobody watches', async () => (await watchersLeft(stage.directory)) === 0);
      const [pid = 0] = await stage.listeners();
      assert.doesNotMatch(await readFile(`/proc/${pid}/environ`, 'latin1'), /POSTERN_CLOCK/);
    }
  });
});
