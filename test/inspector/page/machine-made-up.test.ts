import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { Transition } from '../../../src/gen/postern/v1/inspector.js';
import { picture, startBrowser, withoutBrowser } from '../../support/browser.js';
import { hubAway, onInspectorPage } from '../../support/inspector-page.js';
import { type MadeActor, madeDefinition, startMadeActor } from '../../support/made-actor.js';
import { type MadeInspector, serveMadeInspector } from '../../support/made-inspector.js';
import { greenhouse } from './greenhouse.js';

const skip = await withoutBrowser();

describe('the chart of a machine of which the page knows nothing', { skip }, () => {
  let browser: Browser;
  let inspector: MadeInspector;
  let actor: MadeActor<typeof greenhouse>;
  const kept: Transition[] = [];

  before(async () => {
    browser = await startBrowser();
    let tell = (transition: Transition): void => {
      kept.push(transition);
    };
    actor = startMadeActor(
      greenhouse,
      'north',
      undefined,
      ({ context }) => ({ ...context }),
      (transition) => tell(transition),
    );
    actor.send({ type: 'SUN' }, 'weather/today');
    actor.send({ type: 'RAIN', litres: 3 }, 'weather/today');
    const definition = await madeDefinition(greenhouse);
    const stranger = Transition.fromPartial({
      ...{
        machine: 'shed',
        id: 'old',
        from: 'leaning',
        to: 'fallen',
        event: 'WIND',
        sequence: 7,
        bornMs: 1,
        atMs: 2,
      },
    });
    inspector = await serveMadeInspector(() => ({
      actors: [
        actor.now(),
        {
          ...actor.now(),
          machine: 'shed',
          id: 'old',
          state: 'fallen',
          definition: '',
          ignored: { RAIN: 12 },
        },
      ],
      transitions: [...kept, stranger],
      definitions: new Map([[definition.hash, definition]]),
    }));
    tell = (transition) => {
      kept.push(transition);
      inspector.tell({ transitions: [transition] });
    };
  });
  after(async () => {
    await browser?.close();
    actor?.stop();
    await inspector?.stop();
  });

  const on = (name: string, at: string, work: (page: Page) => Promise<void>) =>
    onInspectorPage(browser, { hub: inspector.address, token: 'any', name, at }, work);
  const active = (page: Page) =>
    page.locator('.box.active').evaluateAll((all) => all.map((one) => one.getAttribute('data-path')).sort());

  test('draws its states, regions, guards and delays, and lights where it is', async () => {
    await on('made-up', '/machine/greenhouse/north', async (page) => {
      await page.locator('[data-path="tended.soil.moist"].active').waitFor();
      assert.deepEqual(await active(page), [
        '',
        'tended',
        'tended.roof',
        'tended.roof.ajar',
        'tended.soil',
        'tended.soil.moist',
      ]);
      const drawn = await page
        .locator('.box')
        .evaluateAll((all) => all.map((one) => one.getAttribute('data-path')));
      assert.deepEqual(drawn.sort(), [
        ...['', 'gone', 'tended', 'tended.roof', 'tended.roof.ajar', 'tended.roof.shut'],
        ...['tended.soil', 'tended.soil.dry', 'tended.soil.moist'],
      ]);
      assert.equal(await page.locator('.box.region').count(), 2);
      assert.equal(await page.locator('.initial').count(), 3);
      assert.equal(await page.locator('.box.final .rim').count(), 1);
      const labels = await page.locator('.edge text').allTextContents();
      assert.deepEqual(labels.sort(), ['DEMOLISH', 'NIGHT', 'RAIN [isDry]', 'SUN', 'after dew']);
      assert.match((await page.locator('[data-path="gone"] title').textContent()) ?? '', /A meadow\./);
      assert.match(
        (await page.getByRole('img', { name: /^Statechart/ }).getAttribute('aria-label')) ?? '',
        /tended\.soil\.moist/,
      );
      await picture(page, 'machine-made-up');
    });
  });

  test('lights what is taken when it is taken, and marks the facts that changed', async () => {
    await on('made-up-live', '/machine/greenhouse/north', async (page) => {
      await page.locator('[data-path="tended.roof.ajar"].active').waitFor();
      assert.equal(await page.locator('.edge.just').count(), 0);
      await page.clock.install();
      actor.send({ type: 'NIGHT' });
      await page.locator('[data-path="tended.roof.shut"].active').waitFor();
      assert.deepEqual(
        await page
          .locator('.edge.just')
          .evaluateAll((all) => all.map((one) => one.getAttribute('data-edge'))),
        ['tended.roof.ajar:NIGHT'],
      );
      assert.match((await page.locator('.live-word').textContent()) ?? '', /after NIGHT/);
      await page.clock.fastForward(5_000);
      await page.locator('.edge.just').waitFor({ state: 'detached' });
      assert.equal(await page.locator('.edge.last').count(), 1);

      actor.send({ type: 'SUN' });
      await page.locator('[data-path="tended.roof.ajar"].active').waitFor();
      const changed = page.locator('.fact-list li.changed > .key');
      assert.deepEqual(await changed.allTextContents(), ['open']);
    });
  });

  test('goes back in time, and live again', async () => {
    await on('made-up-scrub', '/machine/greenhouse/north', async (page) => {
      const panel = page.getByRole('region', { name: 'greenhouse/north' });
      await panel.locator('.history li').first().waitFor();
      const first = panel.locator('.history li').last();
      await first.getByRole('button').first().click();
      await page.locator('[data-path="tended.soil.dry"].active').waitFor();
      assert.match(page.url(), /at=\d+/);
      assert.match((await panel.locator('.context').textContent()) ?? '', /watered\s*0/);
      await page.keyboard.press(']');
      await page.locator('[data-path="tended.roof.ajar"].active').waitFor();
      assert.deepEqual(
        await page
          .locator('.edge.just')
          .evaluateAll((all) => all.map((one) => one.getAttribute('data-edge'))),
        ['tended.roof.shut:SUN'],
      );
      await page.reload();
      await page.locator('[data-path="tended.roof.ajar"].active').waitFor();
      assert.equal(
        await page.locator('[data-path="tended.soil.dry"].active').count(),
        1,
        'a link leads to the moment',
      );
      await page.keyboard.press('l');
      await page.locator('[data-path="tended.soil.moist"].active').waitFor();
      assert.equal(new URL(page.url()).search, '');
    });
  });

  test('without a definition lists the states that were seen, and says so', async () => {
    await on('made-up-unknown', '/machine/shed/old', async (page) => {
      await page.getByText('there is no chart').waitFor();
      assert.equal(await page.locator('.ignored li').textContent(), 'RAIN 12');
      assert.deepEqual(await page.locator('.states-seen li').allTextContents(), ['leaning', 'fallen']);
      assert.equal(await page.locator('.states-seen li[aria-current]').textContent(), 'fallen');
    });
  });

  test('only who is shown is watched, and a watch that broke goes on where it was', async () => {
    const first = inspector.watches.length;
    await onInspectorPage(
      browser,
      {
        hub: inspector.address,
        token: 'any',
        name: 'made-up-broken',
        mayLog: hubAway,
        at: '/machine/greenhouse/north?with=shed/old',
      },
      async (page) => {
        await page.locator('[data-path="tended.soil.moist"].active').waitFor();
        const asked = inspector.watches.slice(first).map(({ filters, resume, history }) => ({
          of: filters.map(({ machine, id }) => `${machine}/${id}`),
          resume,
          history,
        }));
        assert.deepEqual(asked, [{ of: ['greenhouse/north', 'shed/old'], resume: '', history: 64 }]);
        inspector.tell({});
        inspector.breakStreams();
        await page.locator('.connection').getByText('reconnecting').waitFor();
        await page.locator('.connection').getByText('live').waitFor();
        assert.match(inspector.watches.at(-1)?.resume ?? '', /^\d+$/);
        actor.send({ type: 'NIGHT' });
        await page.locator('[data-path="tended.roof.shut"].active').waitFor();
        actor.send({ type: 'SUN' });
        await page.locator('[data-path="tended.roof.ajar"].active').waitFor();
      },
    );
  });

  test('a state tells what it is for and where it leads, by keys too', async () => {
    await on('made-up-state', '/machine/greenhouse/north', async (page) => {
      await page.getByText('States as a list').click();
      await page.getByRole('button', { name: 'moist', exact: true }).press('Enter');
      const details = page.getByRole('region', { name: 'State tended.soil.moist' });
      assert.match((await details.textContent()) ?? '', /tended\.soil\.dry after dew/);
      assert.match((await details.textContent()) ?? '', /stays here RAIN does water/);
      await page.getByRole('button', { name: 'demolish' }).click();
      const dialog = page.getByRole('dialog', { name: /demolish: greenhouse north/ });
      assert.match((await dialog.textContent()) ?? '', /Nothing is left of it\./);
    });
  });
});
