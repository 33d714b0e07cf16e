import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { withoutBrowser } from '../../support/browser.js';
import { hubAway, onInspectorPage } from '../../support/inspector-page.js';
import { type Restarted, startRestarted } from './restarted.js';

const skip = await withoutBrowser();

describe('the page of the inspector when its hub is killed', { skip }, () => {
  let stage: Restarted;
  before(async () => {
    stage = await startRestarted();
  });
  after(() => stage?.stop());

  test('says when it tries again, and goes on by itself when the hub is back', async () => {
    const { fleet, up, hub, token, browser } = stage;
    const options = { hub, name: 'restart', token, at: '/fleet?node=attic', mayLog: hubAway };
    await onInspectorPage(browser, options, async (page) => {
      const state = page.locator('.connection');
      await state.filter({ hasText: /^live$/ }).waitFor();
      const born = page.locator('tbody tr', { hasText: 'attic' });
      await born.filter({ hasText: 'connected.idle' }).waitFor();
      await page.evaluate("window.loadedOnce = 'yes'");
      up.signal('SIGKILL');
      await up.exited;
      await state.filter({ hasText: /^reconnecting in \d s$/ }).waitFor();
      await born.filter({ hasText: 'connected.idle' }).waitFor();

      await fleet.start(['up', '--listen', hub, '--metrics', '127.0.0.1:0']);
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
