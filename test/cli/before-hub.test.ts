import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fleet } from '../support/fleet.js';
import { natsServer } from '../support/nats.js';
import { eventually } from '../support/processes.js';
import { Lines } from './postern.js';

/** What is started beside a hub may be started before it, as with the machine. */
let fleet: Fleet;
let file: string;
before(async () => {
  fleet = await Fleet.make();
  for (const data of ['hub', 'nobody']) await mkdir(path.join(fleet.dir, data));
  file = path.join(fleet.dir, 'accounts.yaml');
  const listen =
    '{rest: ["127.0.0.1:0"], auth: ["127.0.0.1:0"], storage: ["127.0.0.1:0"], rooms: ["127.0.0.1:0"]}';
  await writeFile(file, `listen: ${listen}\nmail: {by: nobody, codesInAnswersForTests: true}\n`);
});
after(() => fleet.stop());

const env = () => ({ ...fleet.env, POSTERN_OUTPUT: 'json' });
const waits = (lines: Lines) =>
  eventually('it waits for a hub', () => lines.stderr.includes('no hub runs with this data directory yet'));

test('account services and a controller that are started before their hub wait for it', async () => {
  const all = [
    new Lines(['accounts', 'serve', '--config', file, '--log-level', 'warn'], env()),
    new Lines(['controller', '--listen', '127.0.0.1:0'], env()),
  ];
  try {
    await Promise.all(all.map(waits));
    const hub = await fleet.start(['up', '--listen', '127.0.0.1:0', '--metrics', 'off'], {
      env: { POSTERN_NATS_SERVER: (await natsServer()).path },
    });
    for (const lines of all) {
      const ready = await eventually('it is ready', () => lines.lines[0]);
      assert.equal(JSON.parse(ready).nats, hub.ready.nats);
    }
  } finally {
    for (const lines of all) await lines.stop('SIGTERM');
  }
});

test('one that waits for a hub ends when it is told to', async () => {
  const waiting = new Lines(['accounts', 'serve', '--config', file], {
    ...env(),
    POSTERN_DATA: path.join(fleet.dir, 'nobody'),
  });
  await waits(waiting);
  const fromMs = performance.now();
  assert.equal(await waiting.stop('SIGTERM'), 0);
  assert.ok(performance.now() - fromMs < 10_000, 'it does not wait to the end');
});

test('nobody waits for a hub where none can be', async () => {
  for (const data of [path.join(fleet.dir, 'never-made'), file]) {
    const told = await fleet.postern(['accounts', 'serve', '--config', file], {
      env: { POSTERN_DATA: data },
    });
    assert.equal(told.code, 1);
    assert.match(
      told.stderr,
      /no hub runs with the data directory .*\n.*start one there, or name its NATS server/,
    );
  }
});
