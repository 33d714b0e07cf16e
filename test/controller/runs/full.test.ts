import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { stores } from '../../../src/bus/subjects.js';
import { NodeCalls } from '../../../src/controller/nodes/node-calls.js';
import { RunBoard } from '../../../src/controller/runs/board.js';
import { PosternError } from '../../../src/errors.js';
import { startTestNats, type TestNats, testLog, until } from '../../support/nats.js';
import { omnipotent } from '../../support/raw-nats.js';

const roomBytes = 700_000;
const scenarioBytes = 200_000;

describe('a bucket of scenarios without room', () => {
  let nats: TestNats;
  let board: RunBoard;
  let god: Awaited<ReturnType<typeof omnipotent>>;
  const giveRoom = async (bytes: number) => {
    const manager = await jetstreamManager(god, { checkAPI: false });
    await manager.streams.update(`KV_${stores.runParts.bucket}`, { max_bytes: bytes });
  };
  before(async () => {
    nats = await startTestNats();
    await nats.hub();
    const hub = () => Promise.reject(new PosternError('HUB_UNREACHABLE', 'there is none'));
    board = await RunBoard.open({
      ...{ bus: await nats.controller(), calls: new NodeCalls(hub), controller: 'first' },
      ...{ leaseMs: 5_000, now: Date.now, log: testLog },
    });
    god = await omnipotent(nats);
  });
  after(async () => {
    await board?.stop();
    await god?.close();
    await nats?.stop();
  });

  const begin = (run: string) => {
    // no scenario, so that the run ends as soon as it has been read
    const scenario = { k: 'scenario', text: 'x'.repeat(scenarioBytes), file: 'a.yaml' } as const;
    return board.begin(run, 'alice', scenario);
  };

  test('is told of where no run has ended', async () => {
    await giveRoom(scenarioBytes / 2);
    await assert.rejects(begin('large'), (thrown: unknown) => {
      assert.ok(thrown instanceof PosternError);
      assert.equal(thrown.code, 'STORE_FULL', thrown.message);
      assert.match(thrown.message, /^there is no room for postern_run_parts\/large\.scenario: maximum bytes/);
      return true;
    });
    assert.deepEqual(board.entries, []);
  });

  test('has the runs forgotten that ended first, and no others', async () => {
    await giveRoom(roomBytes);
    const runs = ['r1', 'r2', 'r3', 'r4', 'r5'];
    for (const run of runs) {
      await begin(run);
      await until(`${run} has ended`, () => board.entry(run)?.endedAtMs !== undefined);
    }
    const kept = board.entries.map(({ run }) => run).sort();
    assert.deepEqual(kept, ['r3', 'r4', 'r5']);
    for (const run of kept) assert.notEqual(await board.partsOf(run).get('scenario'), undefined);
    assert.equal(await board.partsOf('r1').get('scenario'), undefined);
  });
});
