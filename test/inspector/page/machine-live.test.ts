import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { picture, startBrowser, withoutBrowser } from '../../support/browser.js';
import { Fleet } from '../../support/fleet.js';
import { onInspectorPage } from '../../support/inspector-page.js';
import type { RunningProcess } from '../../support/processes.js';

const skip = await withoutBrowser();

describe('the machines of a fleet in the page', { skip }, () => {
  let fleet: Fleet;
  let hub: string;
  let token: string;
  let server: string;
  let agent: RunningProcess;
  let browser: Browser;

  before(async () => {
    fleet = await Fleet.make();
    await fleet.up();
    hub = await fleet.hubAddress();
    token = await fleet.callerToken('looker', ['--role', 'operate']);
    server = (await fleet.interopServer()).address;
    agent = await fleet.agent('attic', [server]);
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await fleet.stop();
  });

  const on = (name: string, at: string, work: (page: Page) => Promise<void>, more = {}) =>
    onInspectorPage(browser, { hub, token, name, at, ...more }, work);
  const state = (page: Page, key: string, wanted: string) =>
    page.locator(`.actor[aria-label="${key}"] [data-path="${wanted}"].active`).first().waitFor();
  /** The link of the agent that lives, by its name in the list. */
  const openLink = async (page: Page) => {
    const links = page.getByRole('region', { name: 'link', exact: true });
    await links.locator('li:not(.gone)').getByRole('button').first().click();
    await page.waitForURL(/\/machine\/link\//);
    return decodeURIComponent(new URL(page.url()).pathname.replace('/inspect/machine/', ''));
  };

  test('a node is suspect when its agent is killed, and back when it comes again, without a reload', async () => {
    await on('machine-live', '/machine/node/attic', async (page) => {
      await state(page, 'node/attic', 'connected.idle');
      await picture(page, 'machine-node');
      agent.signal('SIGKILL');
      await state(page, 'node/attic', 'suspect');
      assert.ok((await page.locator('.edge.just').count()) > 0, 'what was taken is lit');
      agent = await fleet.agent('attic', [server]);
      await state(page, 'node/attic', 'connected.idle');
      const history = page.locator('.history li');
      const told = await history.locator('.from-to').allTextContents();
      assert.ok(
        told.some((line) => line === 'connected.idle → suspect'),
        told.join('; '),
      );

      await history.filter({ hasText: 'connected.idle → suspect' }).getByRole('button').first().click();
      await state(page, 'node/attic', 'suspect');
      await page.keyboard.press('[');
      await state(page, 'node/attic', 'connected.idle');
      await page.getByRole('button', { name: 'Live', exact: true }).click();
      await state(page, 'node/attic', 'connected.idle');
    });
  });

  test('a link is found in the list, and shown beside its node', async () => {
    await on('machine-beside', '/machine', async (page) => {
      const link = await openLink(page);
      await state(page, link, 'online');
      await page.getByRole('button', { name: 'Add another beside' }).click();
      await page.getByRole('searchbox', { name: 'Search actors' }).fill('node attic');
      const picker = page.getByRole('region', { name: 'Actors' });
      await picker.getByRole('button', { name: 'node/attic', exact: true }).click();
      await state(page, 'node/attic', 'connected.idle');
      await state(page, link, 'online');
      assert.equal(new URL(page.url()).searchParams.get('with'), 'node/attic');
      await picture(page, 'machine-beside');
      await page.getByRole('button', { name: `Close ${link}` }).click();
      await page.waitForURL((url) => url.pathname.endsWith('/machine/node/attic'));
    });
  });

  test('an event is followed from the link to the node that it led to', async () => {
    await on('sequence-live', '/sequence?node=attic', async (page) => {
      await page.locator('.scroller .mark').first().waitFor();
      const moved = page.locator('.scroller .mark', { has: page.locator('.arrow') });
      await moved.last().locator('circle').click();
      await page.getByRole('button', { name: 'Follow this event' }).click();
      await page.locator('.mark.lit').nth(1).waitFor();
      const lit = await page
        .locator('.mark.lit')
        .evaluateAll((all) => all.map((one) => one.getAttribute('data-move') ?? ''));
      assert.ok(
        lit.some((key) => key.startsWith('link/attic.')),
        lit.join(),
      );
      assert.ok(
        lit.some((key) => key.startsWith('node/attic@')),
        lit.join(),
      );
      await picture(page, 'sequence-live');
      await page.getByRole('link', { name: 'Both machines at this moment' }).click();
      await page.locator('.actor .chart').nth(1).waitFor();
      assert.equal(
        await page.getByRole('button', { name: 'Live', exact: true }).getAttribute('aria-pressed'),
        'false',
      );
    });
  });

  test('is dark where the reader likes it dark', async () => {
    await on(
      'machine-dark',
      '/machine/node/attic',
      async (page) => {
        await state(page, 'node/attic', 'connected.idle');
        await picture(page, 'machine-dark');
      },
      { colorScheme: 'dark' },
    );
  });
});
