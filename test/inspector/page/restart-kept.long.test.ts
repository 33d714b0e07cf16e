import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startBrowser, withoutBrowser } from '../../support/browser.js';
import { Fleet } from '../../support/fleet.js';
import { hubAway, onInspectorPage } from '../../support/inspector-page.js';
import { eventually, type RunningProcess } from '../../support/processes.js';

/** A transition, as commands tell it. */
interface Kept {
  readonly id: string;
  readonly sequence: number;
  readonly to: string;
}

const skip = await withoutBrowser();

describe('the page of the inspector when its hub is killed', { skip }, () => {
  let fleet: Fleet;
  let up: RunningProcess;
  let hub: string;
  let token: string;
  let browser: Browser;

  before(async () => {
    fleet = await Fleet.make();
    up = await fleet.up();
    hub = await fleet.hubAddress();
    const server = await fleet.interopServer();
    await fleet.agent('attic', [server.address]);
    token = await fleet.callerToken('looker', ['--role', 'operate']);
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await fleet.stop();
  });

  /** What is kept of the link of the node. */
  const ofLink = async (): Promise<Kept[]> => {
    const { stdout } = await fleet.postern(['inspect', 'link/attic', '-o', 'jsonl']);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  };

  test('misses nothing that a machine did meanwhile', async () => {
    const before = await ofLink();
    const options = { hub, name: 'restart-machine', token, mayLog: hubAway };
    await onInspectorPage(browser, { ...options, at: `/machine/link/${before[0]?.id}` }, async (page) => {
      await page.getByText(`${before.length} known`).waitFor();
      up.signal('SIGKILL');
      await up.exited;
      await fleet.start(['up', '--listen', hub, '--metrics', '127.0.0.1:0']);
      const after = await eventually('the link is back', async () => {
        const kept = await ofLink();
        return kept.length > before.length + 2 && kept.at(-1)?.to === 'online' ? kept : undefined;
      });
      assert.deepEqual(
        after.map(({ sequence }) => sequence),
        after.map((_, i) => i),
      );
      await page.getByText(`${after.length} known`).waitFor();
    });
  });
});
