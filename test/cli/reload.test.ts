import assert from 'node:assert/strict';
import { constants, renameSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cleanup } from '../../src/cli/cleanup.js';
import { HangUps } from '../../src/cli/hang-ups.js';
import { reloadOnChange, seenFile } from '../../src/cli/reload.js';
import { createLogger } from '../../src/log.js';
import { startTestHub, type TestHub } from '../hub/test-hub.js';
import { natsServer, startTestNats, type TestNats, testLog, until } from '../support/nats.js';
import { eventually, run } from '../support/processes.js';
import { Lines } from './postern.js';

describe('the configuration of a hub that runs', () => {
  let nats: TestNats;
  let hub: TestHub;
  let dir: string;
  let hangUps: HangUps;
  before(async () => {
    hangUps = new HangUps();
    nats = await startTestNats();
    hub = await startTestHub(nats);
    dir = await mkdtemp(path.join(tmpdir(), 'postern-reload-'));
  });
  after(async () => {
    await hub.stop();
    await nats.stop();
    await rm(dir, { recursive: true });
    hangUps.close();
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
    const seen = await seenFile(file);
    reloadOnChange({ file: seen, read, hub: hub.hub, hangUps, log: testLog, cleanup, lookEveryMs: 10 });
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
    const seen = await seenFile(file);
    reloadOnChange({ file: seen, read, hub: hub.hub, hangUps, log: testLog, cleanup, lookEveryMs: 300 });
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

  it('is not read again while it is read, and is then, once, where that was asked for', async () => {
    const told: string[] = [];
    const log = createLogger('warn', {}, { write: (line) => void told.push(line) });
    let reads = 0;
    let finish = (): void => {};
    const read = (): Promise<never> => {
      reads += 1;
      return new Promise((_, reject) => {
        finish = () => reject(new Error('it says nothing'));
      });
    };
    const cleanup = new Cleanup(log);
    reloadOnChange({ file: undefined, read, hub: hub.hub, hangUps, log, cleanup, longMs: 50 });
    try {
      process.kill(process.pid, 'SIGHUP');
      await until('the signal is heard', () => reads === 1);
      await until('it is told that it takes long', () => told.some((line) => line.includes('takes long')));
      let heard = 0;
      const hear = (): void => {
        heard += 1;
      };
      process.on('SIGHUP', hear);
      for (let asked = 1; asked <= 3; asked += 1) {
        process.kill(process.pid, 'SIGHUP');
        await until('the signal is heard', () => heard === asked);
      }
      process.off('SIGHUP', hear);
      assert.equal(reads, 1);
      finish();
      await until('it is read as was asked', () => reads === 2);
      finish();
      await until(
        'both have failed',
        () => told.filter((line) => line.includes('cannot be used')).length === 2,
      );
      await sleep(200);
      assert.equal(reads, 2, 'three signals while it was read are one');
    } finally {
      await cleanup.run();
    }
  });
});

describe('a process that is told to read anew before it is ready', { timeout: 90_000 }, () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-early-'));
  });
  after(() => rm(dir, { recursive: true }));

  it('goes on, and a hub then reads what has changed meanwhile', async () => {
    const pipe = await makePipe(path.join(dir, 'up.pipe'));
    const env = { POSTERN_NATS_SERVER: (await natsServer()).path, POSTERN_DATA: path.join(dir, 'hub') };
    const up = new Lines(['up', '--config', pipe, '-o', 'json'], env);
    try {
      const config = await whenRead(pipe);
      up.signal('SIGHUP');
      await config.writeFile('listen: ["127.0.0.1:0"]\nmetrics: "off"\n');
      await config.close();
      await eventually('it is ready', () => up.lines[0]);
      const again = await whenRead(pipe);
      await again.writeFile('listen: 7');
      await again.close();
      await eventually('it has read it', () => up.stderr.includes('configuration cannot be used'));
    } finally {
      assert.equal(await up.stop('SIGTERM'), 0);
    }
  });

  it('goes on as an agent', async () => {
    const pipe = await makePipe(path.join(dir, 'agent.pipe'));
    const args = ['agent', '--node', 'early', '--to', ':1', '--hub', '127.0.0.1:1', '--config', pipe];
    const agent = new Lines(args, { POSTERN_DATA: path.join(dir, 'agent') });
    try {
      const config = await whenRead(pipe);
      agent.signal('SIGHUP');
      await config.close();
      await eventually('it has tried', () => agent.stderr.includes('HUB_UNREACHABLE'));
    } finally {
      assert.equal(await agent.stop('SIGTERM'), 0);
    }
  });

  it('sees a file that is changed while a hub starts', async () => {
    const file = path.join(dir, 'hub.yaml');
    await writeFile(file, 'listen: ["127.0.0.1:0"]\nmetrics: "off"\n');
    const env = { POSTERN_NATS_SERVER: (await natsServer()).path, POSTERN_DATA: path.join(dir, 'other') };
    const up = new Lines(['up', '--config', file, '-o', 'json'], env);
    try {
      await eventually('it starts', () => up.stderr.includes('nats-server '), { everyMs: 5 });
      await writeFile(file, 'listen: 7');
      assert.equal(up.lines.length, 0, 'it was ready before the file was changed');
      await eventually('it has read it', () => up.stderr.includes('configuration cannot be used'));
    } finally {
      assert.equal(await up.stop('SIGTERM'), 0);
    }
  });
});

async function makePipe(name: string): Promise<string> {
  assert.equal((await run('mkfifo', [name])).code, 0);
  return name;
}

/** Opens a pipe for writing when somebody reads it. */
function whenRead(pipe: string): Promise<FileHandle> {
  return eventually('it is read', () => open(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
}
