import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { Lines } from '../../cli/postern.js';
import { openAddress, picture, startBrowser, withoutBrowser } from '../../support/browser.js';
import { onInspectorPage } from '../../support/inspector-page.js';
import { eventually } from '../../support/processes.js';
import { Stage } from '../../system/rehearsal/stage.js';
import { factsOf, judged, replay, type Shown, showsEnd } from './run-page.js';

const skip = await withoutBrowser();

const scenario = `name: small
nodes: {north: , south: }
groups: {chat: {tests: {ping: {type: text, senders: north, interval: 1500ms, amount: 6}}}}
faults: [{kind: link, nodes: south, at: 1s, for: 3s}]
control: false
arm: 2s
settle: 1s
allow: {reordered: any}
`;

describe('runs in the page of the inspector', { skip }, () => {
  let stage: Stage;
  let browser: Browser;
  let hub: string;
  let token: string;
  const opened: Lines[] = [];

  before(async () => {
    [stage, browser] = await Promise.all([Stage.open(['north', 'south']), startBrowser()]);
    hub = await stage.fleet.hubAddress();
    token = await stage.fleet.callerToken('looker', ['--role', 'operate']);
    await writeFile(path.join(stage.fleet.dir, 'small.yaml'), scenario);
  });
  after(async () => {
    await Promise.all(opened.map((one) => one.stop('SIGKILL')));
    await browser?.close();
    await stage?.close();
  });

  const onPage = (at: string, work: (page: Page) => Promise<void>) =>
    onInspectorPage(browser, { hub, token, at, name: 'runs' }, work);
  const inDir = (name: string) => path.join(stage.fleet.dir, name);
  const postern = (...args: string[]) => stage.fleet.postern(args);

  test('a run is watched to its verdict without a reload, exported, and shown without a hub', async () => {
    let saved = '';
    let report: Shown = { verdict: '', counts: [] };
    await onPage('/runs', async (page) => {
      await page.getByText('There is no run yet').waitFor();
      const begun = await postern('run', '--detach', '--name', 'watched', inDir('small.yaml'));
      assert.equal(begun.code, 0, begun.stderr);
      await page.getByRole('link', { name: 'watched' }).click();
      await page.evaluate('window.notReloaded = true');

      await page.locator('.phase.lit[data-state="main.running"]').waitFor();
      // Its node is cut off, and can say so only later.
      await page.locator('a[data-fault][data-acts="by plan"]').waitFor();
      await page.getByRole('img', { name: '6 of 6 sent' }).waitFor();
      await page.getByRole('button', { name: 'Export' }).waitFor();
      report = await judged(stage, 'watched');
      await showsEnd(page, report);
      await page.locator('a[data-fault] rect.was').waitFor();
      await picture(page, 'run-ended');
      assert.equal(await page.evaluate('window.notReloaded'), true);
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export' }).click();
      saved = inDir((await download).suggestedFilename());
      await (await download).saveAs(saved);
      assert.match(saved, /watched\.postern-run\.jsonl\.gz$/);
    });

    const byCli = await postern('runs', 'export', 'watched', '--output-file', inDir('watched.jsonl'));
    assert.equal(byCli.code, 0, byCli.stderr);
    assert.deepEqual(
      factsOf(gunzipSync(await readFile(saved)).toString()),
      factsOf(await readFile(inDir('watched.jsonl'), 'utf8')),
    );

    await stage.hub?.stop('SIGKILL');
    const open = new Lines(['runs', 'open', saved]);
    opened.push(open);
    const url = await eventually('it says where', () => open.lines[0]);
    const { page, noise } = await openAddress(browser, url);
    await page.getByText('From the file watched.postern-run.jsonl.gz').waitFor();
    await showsEnd(page, report);
    await replay(page, report);
    const leads = page.locator('.run-actions');
    await leads.getByRole('link', { name: 'Sequence' }).click();
    await page.locator('.sequence g.mark text', { hasText: 'LOADED' }).first().waitFor();
    await picture(page, 'run-sequence-of-file');
    await page.goBack();
    await leads.getByRole('link', { name: 'Machine' }).click();
    await page.locator('svg title', { hasText: 'judging' }).first().waitFor({ state: 'attached' });
    await picture(page, 'run-machine-of-file');
    assert.equal(await page.getByRole('navigation').getByRole('link', { name: 'Fleet' }).count(), 0);
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await page.getByText('The file of a run has the run, its machines').waitFor();
    assert.deepEqual(noise, []);
    await page.close();
  });
});
