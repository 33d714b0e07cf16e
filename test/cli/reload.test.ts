import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cleanup } from '../../src/cli/cleanup.js';
import { reloadOnChange } from '../../src/cli/reload.js';
import { startTestHub, type TestHub } from '../hub/test-hub.js';
import { startTestNats, type TestNats, testLog, until } from '../support/nats.js';

describe('the configuration of a hub that runs', () => {
  let nats: TestNats;
  let hub: TestHub;
  let dir: string;
  before(async () => {
    nats = await startTestNats();
    hub = await startTestHub(nats);
    dir = await mkdtemp(path.join(tmpdir(), 'postern-reload-'));
  });
  after(async () => {
    await hub.stop();
    await nats.stop();
    await rm(dir, { recursive: true });
  });

  it('is read once for each change, be it seen or told by SIGHUP', async () => {
    const file = path.join(dir, 'hub.yaml');
    const write = async (text: string): Promise<void> => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    };
    await write('one');
    let reads = 0;
    const read = (): Promise<never> => {
      reads += 1;
      return Promise.reject(new Error('it says nothing'));
    };
    const cleanup = new Cleanup(testLog);
    await reloadOnChange({ file, read, hub: hub.hub, log: testLog, cleanup, lookEveryMs: 10 });
    try {
      await write('two');
      await until('the change is seen', () => reads === 1);
      process.kill(process.pid, 'SIGHUP');
      await until('the signal is heard', () => reads === 2);
      await sleep(200);
      assert.equal(reads, 2, 'nothing has changed since');
    } finally {
      await cleanup.run();
    }
  });

  it('is not read again for what a signal has told', async () => {
    const file = path.join(dir, 'told.yaml');
    await writeFile(file, 'nothing');
    let reads = 0;
    const read = (): Promise<never> => {
      reads += 1;
      return Promise.reject(new Error('it says nothing'));
    };
    const cleanup = new Cleanup(testLog);
    await reloadOnChange({ file, read, hub: hub.hub, log: testLog, cleanup, lookEveryMs: 300 });
    const rounds = 5;
    try {
      for (let round = 1; round <= rounds; round += 1) {
        const before = reads;
        await writeFile(`${file}.new`, 'x'.repeat(round));
        renameSync(`${file}.new`, file);
        process.kill(process.pid, 'SIGHUP');
        await until('the signal is heard', () => reads > before);
        await sleep(800);
      }
    } finally {
      await cleanup.run();
    }
    // Where the change is seen before the signal is heard, both are reasons to read: that is not so each time.
    assert.ok(reads >= rounds && reads < 2 * rounds, `it was read ${reads} times`);
  });
});
