import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startBrowser, withoutBrowser } from '../support/browser.js';
import { Fleet } from '../support/fleet.js';
import { onInspectorPage } from '../support/inspector-page.js';
import { otherBuild } from '../support/other-build.js';

const skip = await withoutBrowser();

/** A state has another name, and a node of one name is drained for ever. */
function changed(machine: string): string {
  return machine
    .replace(/\bidle\b/g, 'resting')
    .replace('drained: input.drained', "drained: input.node === 'barn' ? true : input.drained")
    .replace('assign({ drained: false })', "assign({ drained: ({ context }) => context.node === 'barn' })");
}

describe('a machine of nodes that was changed, in its definition alone', { skip }, () => {
  let fleet: Fleet;
  let browser: Browser;
  let token: string;
  const method = 'grpc.testing.TestService/EmptyCall';

  before(async () => {
    fleet = await Fleet.make();
    const env = { POSTERN_DIST: await otherBuild(fleet.dir, 'node', changed) };
    await fleet.start(['up', '--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0'], { env });
    const server = await fleet.interopServer();
    await Promise.all([fleet.agent('attic', [server.address]), fleet.agent('barn', [server.address])]);
    token = await fleet.callerToken('looker', ['--role', 'operate']);
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  test('is what the commands tell', async () => {
    const { stdout } = await fleet.postern(['nodes', '-o', 'jsonl']);
    const states = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ name, state }) => `${name} ${state}`);
    assert.deepEqual(states, ['attic connected.resting', 'barn connected.draining']);
  });

  test('is what calls are routed by', async () => {
    const taken = await fleet.postern(['call', 'attic', method, '-d', '{}']);
    assert.equal(taken.code, 0, taken.stderr);
    const refused = await fleet.postern(['call', 'barn', method, '-d', '{}']);
    assert.match(refused.stderr, /node 'barn' is about to leave and takes no new calls/);
  });

  test('is what the page draws', async () => {
    const hub = await fleet.hubAddress();
    await onInspectorPage(
      browser,
      { hub, name: 'changed', token, at: '/machine/node/attic' },
      async (page) => {
        await page.getByText('connected.resting').first().waitFor();
        const chart = await page.getByRole('img').first().textContent();
        assert.match(String(chart), /resting/);
        assert.doesNotMatch(String(chart), /\bidle\b/);
      },
    );
  });
});
