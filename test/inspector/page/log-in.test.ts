import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startBrowser, withoutBrowser } from '../../support/browser.js';
import { Fleet } from '../../support/fleet.js';
import { onInspectorPage } from '../../support/inspector-page.js';

const skip = await withoutBrowser();

describe('logging in to the page of the inspector', { skip }, () => {
  let fleet: Fleet;
  let hub: string;
  let token: string;
  let browser: Browser;

  before(async () => {
    fleet = await Fleet.make();
    await fleet.up();
    hub = await fleet.hubAddress();
    token = await fleet.callerToken('looker', ['--role', 'operate']);
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await fleet.stop();
  });

  test('a token is tried before it is taken; a bad one is refused in the words of the hub', async () => {
    const mayLog = /status of 4|401/;
    await onInspectorPage(browser, { hub, name: 'log-in', mayLog, at: '/fleet?q=attic' }, async (page) => {
      const alert = page.getByRole('alert');
      await page.getByLabel('Token').fill(`${token.slice(0, -8)}AAAAAAAA`);
      await page.getByRole('button', { name: 'Log in' }).click();
      await alert.filter({ hasText: /The hub refuses this token: .*not signed/ }).waitFor();
      assert.equal(await stored(page), null);
      await page.getByLabel('Token').fill('two words');
      await page.keyboard.press('Enter');
      await alert.filter({ hasText: 'A token has no spaces' }).waitFor();

      await page.getByLabel('Token').fill(` ${token} `);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Fleet' }).waitFor();
      assert.equal(await stored(page), token);
      assert.equal(new URL(page.url()).search, '?q=attic', 'the place is kept');
    });
  });

  test('a token in the link is out of it at once, and stays with the tab', async () => {
    await onInspectorPage(browser, { hub, name: 'token-in-link', token, at: '/fleet' }, async (page) => {
      await page.getByRole('heading', { name: 'Fleet' }).waitFor();
      assert.equal(page.url(), `http://${hub}/inspect/fleet`);
      await page.reload();
      await page.getByRole('heading', { name: 'Fleet' }).waitFor();
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByLabel('Token').waitFor();
      await page.reload();
      await page.getByLabel('Token').waitFor();
      assert.equal(await stored(page), null);
    });
  });

  test('who is shut out later is told why, and comes back to the same place', async () => {
    const short = await fleet.callerToken('passer-by', ['--role', 'operate']);
    const mayLog = /status of 4|401/;
    const at = '/fleet?sort=-calls';
    await onInspectorPage(browser, { hub, name: 'expired', token: short, at, mayLog }, async (page) => {
      await page.getByRole('heading', { name: 'Fleet' }).waitFor();
      const { code, stderr } = await fleet.postern(['token', 'revoke', idOf(short)]);
      assert.equal(code, 0, stderr);
      const why = page.getByRole('alert').filter({ hasText: /Logged out: .*revoked/ });
      await why.waitFor();
      await page.getByLabel('Token').fill(token);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Fleet' }).waitFor();
      assert.equal(new URL(page.url()).search, '?sort=-calls');
    });
  });
});

function stored(page: Page): Promise<string | null> {
  return page.evaluate("sessionStorage.getItem('postern-token')");
}

function idOf(token: string): string {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  if (typeof claims !== 'object' || claims === null || !('jti' in claims))
    throw new Error('no token with an id');
  return String(claims.jti);
}
