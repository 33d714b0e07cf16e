import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { bringWorld } from '../../../src/cli/providers/bring-world.js';
import { PosternError } from '../../../src/errors.js';
import { labEnv, withoutLab } from '../../support/lab/stage.js';
import { namespacesOf, processesIn } from '../../support/lab/traces.js';
import { testLog } from '../../support/nats.js';
import { assertTogether, scenarioOf, Traces } from './worlds.js';

const missing = await withoutLab();

test('three nodes behind NATs work together, and nothing is left of them', { skip: missing }, async () => {
  const traces = await Traces.make(await labEnv());
  try {
    const own = await namespacesOf('self');
    const { env } = traces;
    const world = await bringWorld(scenarioOf('lab', 3), { provider: 'lab', log: testLog, env });
    const namespaces = new Set((await Promise.all((await traces.processes()).map(namespacesOf))).flat());
    for (const name of own) namespaces.delete(name);
    assert.ok(namespaces.size >= 5, 'each machine has a network of its own');
    await assertTogether(world.hub, ['n-1', 'n-2', 'n-3']);
    assert.deepEqual(
      (await readdir(world.logs)).sort(),
      [
        'hub.log',
        ...['n-1', 'n-2', 'n-3'].flatMap((node) => [`${node}.agent.log`, `${node}.daemon.log`]),
      ].sort(),
    );
    await world.stop();
    assert.deepEqual(await traces.left(), []);
    assert.deepEqual(await processesIn([...namespaces]), []);
  } finally {
    await traces.remove();
  }
});

test('where no lab can be made it is said what is missing, with another way', async () => {
  const traces = await Traces.make();
  try {
    const env = { ...traces.env, PATH: '/nowhere' };
    const thrown = await bringWorld(scenarioOf('lab', 2), { provider: 'lab', log: testLog, env }).then(
      () => assert.fail('there is a lab'),
      (error: unknown) => error,
    );
    assert.ok(thrown instanceof PosternError);
    assert.equal(thrown.exitCode, 2);
    assert.match(`${thrown.code} ${thrown.message}`, /^LAB_(TOOLS_MISSING|UNSUPPORTED|REFUSED) /);
    assert.match(thrown.hint ?? '', /--provider local/);
    assert.deepEqual(await traces.left(), []);
  } finally {
    await traces.remove();
  }
});
