import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { Actor, Transition } from '../../../src/gen/postern/v1/inspector.js';
import { openAddress, picture, startBrowser, withoutBrowser } from '../../support/browser.js';
import { onInspectorPage } from '../../support/inspector-page.js';
import { type MadeInspector, serveMadeInspector } from '../../support/made-inspector.js';

const skip = await withoutBrowser();

const machines = ['test', 'node', 'link', 'daemon', 'process', 'fault'];
const ids = machines.flatMap((machine) => ['north', 'south'].map((id) => ({ machine, id })));
const start = Date.UTC(2026, 0, 1, 12);
const count = 5_000;

/** Each is by the doing of the one before it, in chains of six. */
const transitions = Array.from({ length: count }, (_, at) => made(at));

function made(at: number): Transition {
  const { machine, id } = ids[(at * 5) % ids.length] ?? { machine: '', id: '' };
  const before = ids[((at - 1) * 5) % ids.length];
  return Transition.fromPartial({
    ...{ machine, id, bornMs: start, sequence: at, atMs: start + at * 100, from: 'a', to: `state-${at}` },
    event: `EVENT_${at % 7}`,
    by: at % 6 === 0 || before === undefined ? '' : `${before.machine}/${before.id}`,
    contextJson: JSON.stringify({ at }),
    node: id,
  });
}

describe('a sequence of 5,000 transitions', { skip }, () => {
  let browser: Browser;
  let inspector: MadeInspector;

  before(async () => {
    browser = await startBrowser();
    const actors = ids.map((names) =>
      Actor.fromPartial({ ...names, node: names.id, bornMs: start, state: 'a' }),
    );
    inspector = await serveMadeInspector(() => ({ actors, transitions, definitions: new Map() }));
  });
  after(async () => {
    await browser?.close();
    await inspector?.stop();
  });

  const on = (name: string, at: string, work: (page: Page) => Promise<void>) =>
    onInspectorPage(browser, { hub: inspector.address, token: 'any', name, at }, work);
  const marks = (page: Page) => page.locator('.scroller .mark');

  test('draws only what is seen, follows the newest, and is scrolled without long work', async () => {
    const { page, noise, busyMs } = await openAddress(
      browser,
      `http://${inspector.address}/inspect/sequence?node=north,south`,
      {
        hash: '#token=any',
      },
    );
    await page.getByText(/5.000 of 5.000 transitions/).waitFor();
    await page.locator('[data-move$="~4999"]').waitFor();
    assert.ok((await marks(page).count()) < 80, 'what is out of sight is not drawn');
    assert.equal(await page.locator('.scroller .heads span').count(), 12);
    await picture(page, 'sequence-long');
    const before = await busyMs();
    for (let at = 0; at < 20; at++) {
      await page.locator('.scroller').evaluate((box, part) => {
        box.scrollTop = box.scrollHeight * part;
      }, at / 20);
      const first = Math.floor((count * at) / 20);
      await page.locator(`[data-move$="~${first + 5}"]`).waitFor();
    }
    const each = ((await busyMs()) - before) / 20;
    assert.ok(each < 100, `${each} ms of work for one jump`);

    inspector.tell({ transitions: [made(count)] });
    await page.getByRole('button', { name: 'Live tail' }).click();
    await page.locator(`[data-move$="~${count}"]`).waitFor();
    assert.deepEqual(noise, []);
    await page.close();
  });

  test('an event is followed from actor to actor, forth and back, by keys too', async () => {
    await on('sequence-follow', '/sequence?node=north,south', async (page) => {
      await page.getByPlaceholder(/Search/).fill('state-2408');
      await marks(page).click();
      await page.getByPlaceholder(/Search/).fill('');
      const details = page.getByRole('complementary', { name: 'Transition' });
      await details.getByRole('button', { name: 'Follow this event' }).click();
      const lit = page.locator('.mark.lit');
      await lit.nth(5).waitFor();
      const sequences = (await lit.evaluateAll((all) => all.map((one) => one.getAttribute('data-move')))).map(
        (key) => Number(key?.split('~')[1]),
      );
      assert.deepEqual(sequences, [2406, 2407, 2408, 2409, 2410, 2411]);
      await picture(page, 'sequence-follow');

      await page.locator('.scroller').focus();
      await page.keyboard.press('ArrowLeft');
      await details.getByText('state-2407', { exact: false }).first().waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowRight');
      await details.getByText('a → state-2409').waitFor();
      assert.equal(await lit.count(), 6, 'the story is the same from each of its events');

      await details.getByRole('link', { name: 'Both machines at this moment' }).click();
      await page.waitForURL(/\/machine\//);
      assert.match(page.url(), /with=/);
      assert.match(page.url(), /at=\d+/);
      const states = page.locator('.actor[data-state="state-2409"]');
      await states.waitFor();
      assert.equal(await page.locator('.actor[data-state="state-2408"]').count(), 1);
    });
  });

  test('lanes are hidden, events are chosen, time runs evenly, and all of it is in the URL', async () => {
    await on('sequence-choose', '/sequence?node=north,south', async (page) => {
      await page.getByText('12 of 12 actors').click();
      await page.getByRole('checkbox', { name: /^fault\/north/ }).uncheck();
      await page.getByText('11 of 12 actors').waitFor();
      await page.getByText('All events').click();
      await page.getByRole('button', { name: /^EVENT_3/ }).click();
      await page.getByRole('checkbox', { name: 'time runs evenly' }).check();
      await page
        .getByRole('status')
        .filter({ hasText: /^(?:65\d|6[0-4]\d) of 5.000/ })
        .waitFor();
      const at = new URL(page.url()).searchParams;
      assert.deepEqual(
        [at.get('hide'), at.get('events'), at.get('axis')],
        ['fault/north', 'EVENT_3', 'time'],
      );
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Export SVG' }).click(),
      ]);
      assert.equal(download.suggestedFilename(), 'sequence.svg');
    });
  });
});
