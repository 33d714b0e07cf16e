import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { FaultShape } from '../../../src/gen/postern/v1/faults.js';
import { picture, startBrowser, withoutBrowser } from '../../support/browser.js';
import { Fleet } from '../../support/fleet.js';
import { onInspectorPage } from '../../support/inspector-page.js';
import type { RunningProcess } from '../../support/processes.js';
import { FaultCaller } from '../../system/faults/fault-caller.js';

const skip = await withoutBrowser();

// At the same time: a node that is killed is lost only after several rounds of pings.
describe('the fleet in the page of the inspector', { skip, concurrency: true }, () => {
  let fleet: Fleet;
  let hub: string;
  let token: string;
  let attic: RunningProcess;
  let browser: Browser;

  before(async () => {
    fleet = await Fleet.make();
    await fleet.up();
    hub = await fleet.hubAddress();
    const server = await fleet.interopServer();
    [attic] = await Promise.all([
      fleet.agent('attic', [server.address]),
      fleet.agent('cellar', [server.address], ['--label', 'floor=-1', '--daemon', server.address]),
      fleet.agent('barn', [server.address], ['--label', 'floor=0']),
    ]);
    token = await fleet.callerToken('looker', ['--role', 'operate']);
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await fleet.stop();
  });

  test('a node whose agent is killed is suspect, then lost, without a reload', async () => {
    await onInspectorPage(browser, { hub, name: 'killed', token, at: '/fleet' }, async (page) => {
      await stateOf(page, 'attic', /^connected\.idle$/);
      await page.getByRole('status').filter({ hasText: 'live' }).waitFor();
      await page.evaluate("window.loadedOnce = 'yes'");
      attic.signal('SIGKILL');
      await stateOf(page, 'attic', /^suspect$/);
      await stateOf(page, 'attic', /^lost$/);
      await page.getByRole('button', { name: 'lost 1' }).waitFor();
      assert.equal(await page.evaluate('window.loadedOnce'), 'yes');
      await picture(page, 'fleet-light');
    });
  });

  test('every node is told with its labels, its transport and its last change', async () => {
    await onInspectorPage(browser, { hub, name: 'told', token, at: '/fleet' }, async (page) => {
      const cellar = rowOf(page, 'cellar');
      await cellar.filter({ hasText: /connected\.idle.*nats.*floor=-1.*all.*ms/ }).waitFor();
      await cellar
        .locator('td')
        .nth(11)
        .filter({ hasText: /now|\d s/ })
        .waitFor();
      assert.equal(await page.getByRole('table', { name: 'Nodes' }).getAttribute('aria-rowcount'), '4');
      await cellar.locator('td').nth(1).click();
      const details = page.getByRole('complementary', { name: 'Node cellar' });
      await details.getByText(/^U[A-Z2-7]{55}$/).waitFor();
      await details.getByRole('link', { name: /^link cellar\./ }).waitFor();
      await page.keyboard.press('Escape');
      await details.waitFor({ state: 'detached' });
      await cellar.getByRole('link', { name: 'cellar' }).click();
      await page.waitForURL('**/inspect/machine/node/cellar');
    });
  });

  test('faults are listed with how they act and how long, and are healed, one and all', async () => {
    const caller = new FaultCaller(hub, token);
    const arm = (fault: string, kind: string, wish: Partial<FaultShape>, inMs = 0) =>
      caller.arm('cellar', fault, {
        ...{ kind, atMs: Date.now() + inMs, forMs: 600_000 },
        shape: FaultShape.fromPartial({ scope: 'hub', way: 'userspace', ...wish }),
      });
    await arm('slow', 'delay', { delayMs: 5 });
    await arm('later', 'loss', { share: 0.3 }, 3_000_000);
    await arm('last', 'loss', { share: 0.3 }, 3_100_000);
    caller.close();
    await onInspectorPage(browser, { hub, name: 'faults', token, at: '/fleet' }, async (page) => {
      await page.getByRole('link', { name: 'Faults', exact: true }).waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('x');
      const rows = page.getByRole('table', { name: 'Faults' }).locator('tbody tr');
      const slow = rows.filter({
        hasText: /delay.*5 ms, hub, without the kernel.*injected.*min.* left.*userspace/,
      });
      await slow.waitFor();
      await page.getByText('3 act or wait, 3 known').waitFor();
      await picture(page, 'faults-light');
      await slow.getByRole('button', { name: 'heal' }).click();
      await page
        .getByRole('dialog', { name: /^heal: fault/ })
        .getByRole('button', { name: 'heal' })
        .click();
      await page.getByText('2 act or wait, 3 known').waitFor();
      await page.getByRole('checkbox', { name: 'Those that were, too' }).check();
      await rows.filter({ hasText: 'healed' }).waitFor();
      await rows.first().getByRole('link', { name: 'cellar' }).click();
      const own = page.getByRole('region', { name: 'Faults of cellar' });
      await own.getByText('30 %, hub, without the kernel').first().waitFor();
      await picture(page, 'faults-of-node');
      await own.getByRole('button', { name: 'heal all 2 of cellar' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Heal them' }).click();
      await own.getByText('None acts or waits.').waitFor();
    });
  });

  test('what is searched, chosen and sorted by is in the URL, and outlives a reload', async () => {
    await onInspectorPage(browser, { hub, name: 'filters', token, at: '/fleet' }, async (page) => {
      await rowOf(page, 'barn').waitFor();
      await page.getByRole('searchbox').fill('floor= CONNECTED');
      await page.getByRole('combobox', { name: 'Label' }).selectOption('floor=0');
      await page.getByRole('button', { name: 'connected.idle' }).click();
      await page.getByRole('button', { name: 'Node' }).click();
      const seen = async () => {
        await page.getByText('1 of 3 nodes').waitFor();
        assert.deepEqual(await names(page), ['barn']);
        assert.equal(await page.getByRole('searchbox').inputValue(), 'floor= CONNECTED');
        assert.equal(await page.locator('th').first().getAttribute('aria-sort'), 'descending');
      };
      await seen();
      assert.deepEqual(Object.fromEntries(new URL(page.url()).searchParams), {
        q: 'floor= CONNECTED',
        label: 'floor=0',
        state: 'connected.idle',
        sort: '-name',
      });
      await page.reload();
      await seen();
      await page.getByRole('combobox', { name: 'Label' }).selectOption('');
      await page.getByText('2 of 3 nodes').waitFor();
      assert.deepEqual(await names(page), ['cellar', 'barn']);
      await page.getByRole('searchbox').fill('idle floor=-1');
      await page.getByText('1 of 3 nodes').waitFor();
      assert.deepEqual(await names(page), ['cellar']);
    });
  });

  test('is used by keys alone', async () => {
    await onInspectorPage(browser, { hub, name: 'keys', token, at: '/calls' }, async (page) => {
      await page.getByRole('link', { name: 'Calls' }).waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('f');
      await page.getByRole('heading', { name: 'Fleet' }).waitFor();
      await rowOf(page, 'attic').waitFor();
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });

      await page.keyboard.press('/');
      await page.keyboard.type('r?p');
      assert.equal(await page.getByRole('searchbox').inputValue(), 'r?p', 'keys are letters in a field');
      await page.getByText('No node is like that.').waitFor();
      await page.keyboard.press('Escape');
      await rowOf(page, 'attic').waitFor();

      await page.locator('tbody tr[tabindex="0"]').focus();
      for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp']) await page.keyboard.press(key);
      await focused(page, 'barn');
      await page.keyboard.press('End');
      await focused(page, 'cellar');
      await page.keyboard.press('Enter');
      await page.getByRole('complementary', { name: 'Node cellar' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('complementary').waitFor({ state: 'detached' });

      await page.keyboard.press('p');
      await page.getByRole('status').filter({ hasText: 'paused' }).waitFor();
      await page.keyboard.press('p');
      await page.getByRole('status').filter({ hasText: 'live' }).waitFor();
    });
  });

  test('is dark where the reader wants it dark, tells times in UTC, and remembers both', async () => {
    await onInspectorPage(browser, { hub, name: 'dark', token, at: '/fleet?node=barn' }, async (page) => {
      await page.getByRole('combobox', { name: 'Theme' }).selectOption('dark');
      await page.getByRole('combobox', { name: 'Time zone' }).selectOption('utc');
      await page.reload();
      await page
        .getByText(/\d\d:\d\d:\d\dZ/)
        .first()
        .waitFor();
      const back: string = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      assert.ok(Number(/\d+/.exec(back)?.[0]) < 60, back);
      await picture(page, 'fleet-dark');
    });
  });
});

function rowOf(page: Page, name: string) {
  return page.locator('tbody tr', { has: page.getByRole('link', { name, exact: true }) });
}

function stateOf(page: Page, name: string, state: RegExp): Promise<void> {
  return rowOf(page, name).locator('.state', { hasText: state }).waitFor();
}

function names(page: Page): Promise<string[]> {
  return page.locator('tbody td:first-child a').allTextContents();
}

function focused(page: Page, name: string): Promise<void> {
  return page.locator('tbody tr:focus', { hasText: name }).waitFor();
}
