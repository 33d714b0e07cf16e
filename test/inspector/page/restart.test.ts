import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { withoutBrowser } from '../../support/browser.js';
import { hubAway, onInspectorPage } from '../../support/inspector-page.js';
import { eventually } from '../../support/processes.js';
import { type Restarted, startRestarted } from './restarted.js';

/** A transition, as commands tell it. */
interface Kept {
  readonly id: string;
  readonly sequence: number;
  readonly to: string;
}

const skip = await withoutBrowser();

describe('the page of the inspector when its hub is killed', { skip }, () => {
  let stage: Restarted;
  before(async () => {
    stage = await startRestarted();
  });
  after(() => stage?.stop());

  /** What is kept of the link of the node. */
  const ofLink = async (): Promise<Kept[]> => {
    const { stdout } = await stage.fleet.postern(['inspect', 'link/attic', '-o', 'jsonl']);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  };

  test('misses nothing that a machine did meanwhile', async () => {
    const { hub, token, browser } = stage;
    const before = await eventually('the link is told to be online', async () => {
      const kept = await ofLink();
      return kept.at(-1)?.to === 'online' && kept;
    });
    const options = { hub, name: 'restart-machine', token, mayLog: hubAway };
    await onInspectorPage(browser, { ...options, at: `/machine/link/${before[0]?.id}` }, async (page) => {
      await page.getByText(`${before.length} known`).waitFor();
      await stage.kill();
      await stage.startAgain();
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

  test('says when it tries again, and goes on by itself when the hub is back', async () => {
    const { fleet, hub, token, browser } = stage;
    const options = { hub, name: 'restart', token, at: '/fleet?node=attic', mayLog: hubAway };
    await onInspectorPage(browser, options, async (page) => {
      const state = page.locator('.connection');
      await state.filter({ hasText: /^live$/ }).waitFor();
      const born = page.locator('tbody tr', { hasText: 'attic' });
      await born.filter({ hasText: 'connected.idle' }).waitFor();
      await page.evaluate("window.loadedOnce = 'yes'");
      await stage.kill();
      await state.filter({ hasText: /^reconnecting in \d s$/ }).waitFor();
      await born.filter({ hasText: 'connected.idle' }).waitFor();

      await stage.startAgain();
      await state.filter({ hasText: /^live$/ }).waitFor();
      const joined = await fleet.agent('barn', ['127.0.0.1:1']);
      await page.locator('tbody tr', { hasText: 'barn' }).filter({ hasText: 'connected' }).waitFor();
      await joined.stop();
      await page.locator('tbody tr', { hasText: 'barn' }).filter({ hasText: 'lost' }).waitFor();
      await born.filter({ hasText: 'connected.idle' }).waitFor();
      assert.equal(await page.evaluate('window.loadedOnce'), 'yes');
    });
  });
});
