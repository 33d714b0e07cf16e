import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { readResults } from '../../../src/bus/read-results.js';
import { startTestNats } from '../../support/nats.js';
import { compiledRoot, eventually, type RunningProcess, startReady } from '../../support/processes.js';
import { inDirectory, openShelf, recordsOf, running, send } from './stage.js';

const script = join(compiledRoot, 'test/agent/journal/results-process.js');
const messages = 50_000;
/** So many MiB an agent may grow by handing over, whatever lies on its disk. */
const mostGrownMb = 30;
const progress = z.object({ drained: z.number(), safe: z.number(), grownMb: z.number() });

test('100,000 results made offline are handed over once each while NATS, hub and agent are killed again and again', async (context) => {
  await inDirectory(async (directory) => {
    const shelf = await openShelf(directory);
    const journal = await running(shelf);
    await send(journal, 1, messages);
    await journal.flushed();
    const written = await recordsOf(journal);
    const { journal: id } = journal.created;
    assert.ok(written.length > 2 * messages);
    await shelf.close();

    const nats = await startTestNats();
    const watcher = await nats.hub();
    const start = async (role: 'hub' | 'agent'): Promise<RunningProcess> => {
      const { identity, credentials } = await nats.credentials(role, 'n1');
      const given = { role, url: nats.server.url, publicKey: identity.publicKey, ...credentials, directory };
      return startReady(process.execPath, [script, JSON.stringify(given)], { timeoutMs: 60_000 });
    };
    let hub = await start('hub');
    let agent = await start('agent');
    let kills = 0;
    let grownMb = 0;
    const last = () => {
      const seen = progress.safeParse(JSON.parse(agent.lines().at(-1) ?? '{}')).data;
      grownMb = Math.max(grownMb, seen?.grownMb ?? 0);
      return seen;
    };
    const deadline = Date.now() + 240_000;
    for (let seen = last(); seen === undefined || seen.drained < seen.safe; seen = last()) {
      assert.ok(Date.now() < deadline, `never done: ${JSON.stringify(seen)}`);
      await sleep(300 + 37 * kills);
      if (kills >= 15) continue;
      kills++;
      if (kills % 3 === 0) process.kill(nats.server.pid, 'SIGKILL');
      else if (kills % 3 === 1) {
        await hub.stop('SIGKILL');
        hub = await start('hub');
      } else {
        await agent.stop('SIGKILL');
        agent = await start('agent');
      }
    }
    const { safe } = last() ?? { safe: 0 };
    context.diagnostic(`${safe} records, ${kills} kills, an agent grew by ${grownMb.toFixed(1)} MiB`);
    await Promise.all([hub.stop('SIGKILL'), agent.stop('SIGKILL')]);

    const count = await eventually('the stream can be read', async () => {
      let next = 0;
      for await (const { record, journal: whose } of readResults(watcher, 'r1')) {
        assert.equal(whose, id);
        assert.equal(record.n, next + 1);
        if (next < written.length) assert.deepEqual(record, written[next]);
        else assert.equal(record.k, 'boot');
        next++;
      }
      return next;
    });
    assert.equal(count, safe);
    assert.ok(kills > 5, `all was over after ${kills} kills`);
    assert.ok(grownMb < mostGrownMb, `an agent grew by ${grownMb} MiB`);
    await nats.stop();
  });
});
