import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { commands } from '../../src/cli/commands.js';
import { hubConfigOf, upBindings, upSettings } from '../../src/cli/hub-settings.js';
import { Options } from '../../src/cli/options.js';
import { readSettings } from '../../src/cli/settings.js';
import { readHubConfig } from '../../src/hub/config.js';

const command = commands.find(({ path }) => path.join(' ') === 'up') ?? assert.fail();
let dir = '';

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postern-limits-'));
});
after(() => rm(dir, { recursive: true, force: true }));

/** The limits of a hub that is told so. */
async function limitsOf(flags: Record<string, unknown>, file = '') {
  const config = join(dir, 'postern.yaml');
  await writeFile(config, file);
  const given = new Map(Object.entries({ config, ...flags }));
  const options = new Options(command.options ?? [], given, {});
  const settings = await readSettings(
    { command, words: [], options, streams: process, env: {} },
    upSettings,
    upBindings,
  );
  return readHubConfig(hubConfigOf(settings, { data: dir, natsUrls: [] })).limits;
}

test('limits of callers and nodes are taken from a file', async () => {
  const { perCaller, perNode } = await limitsOf(
    {},
    `limits:
  perCaller: { callsPerSecond: 5 }
  perNode:
    - { nodes: ['edge-*', 'site=berlin,!gpu'], bytesPerSecond: 1.5MB }
    - { bytesPerSecond: 2048 }
`,
  );
  assert.deepEqual(perCaller, { callsPerSecond: 5 });
  assert.deepEqual(perNode, [
    { nodes: ['edge-*', 'site=berlin,!gpu'], bytesPerSecond: 1_500_000 },
    { nodes: ['*'], bytesPerSecond: 2_048 },
  ]);
});

test('the bandwidth of nodes is taken from the command line, and what is wrong with it is told', async () => {
  const { perNode } = await limitsOf({ 'node-bandwidth': ['site=berlin=64KiB', 'edge-*=1MB', '10MB'] });
  assert.deepEqual(perNode, [
    { nodes: ['site=berlin'], bytesPerSecond: 65_536 },
    { nodes: ['edge-*'], bytesPerSecond: 1_000_000 },
    { nodes: ['*'], bytesPerSecond: 10_000_000 },
  ]);
  for (const [given, told] of [
    ['fast', /--node-bandwidth: 'fast' is not of the form \[NODES=\]SIZE: 'fast' is not a size such as 10MB/],
    ['10', /'10' is not of the form .*>=1024/],
    ['Edge=1MB', /'Edge=1MB' is not of the form .*a node pattern is a node name/],
  ] as const) {
    await assert.rejects(limitsOf({ 'node-bandwidth': [given] }), told);
  }
  await assert.rejects(
    limitsOf({}, 'limits: { perNode: [{ bytesPerSecond: much }] }'),
    /'much' is not a size/,
  );
});
