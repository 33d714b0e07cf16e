import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startBrowser, withoutBrowser } from '../../support/browser.js';
import { Fleet } from '../../support/fleet.js';

const skip = await withoutBrowser();

describe('a tab of the inspector that is opened in the background', { skip }, () => {
  let fleet: Fleet;
  let browser: Browser;

  before(async () => {
    fleet = await Fleet.make();
    await fleet.up();
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await fleet.stop();
  });

  test('holds no connection until somebody looks at it', async () => {
    const token = await fleet.callerToken('looker', ['--role', 'trace']);
    const page = await browser.newPage();
    page.setDefaultTimeout(45_000);
    // Without a window no tab is ever hidden.
    await page.addInitScript(
      "Object.defineProperty(document, 'hidden', { value: true, configurable: true });",
    );
    await page.goto(`http://${await fleet.hubAddress()}/inspect/fleet#token=${token}`);
    await page.getByRole('banner').getByText('paused').waitFor();
    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { value: false, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    `);
    await page.getByRole('banner').getByText('live', { exact: true }).waitFor();
  });
});
