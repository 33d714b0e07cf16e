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

const skip = await withoutBrowser();

const scenario = `name: small
nodes: {north: , south: }
groups: {chat: {tests: {ping: {type: text, senders: north, interval: 200ms, amount: 12}}}}
faults: [{kind: link, nodes: south, at: 500ms, for: 1s}]
control: false
arm: 2s
settle: 2s
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
    await onPage('/runs', async (page) => {
      await page.getByText('There is no run yet').waitFor();
      const begun = await postern('run', '--detach', '--name', 'watched', inDir('small.yaml'));
      assert.equal(begun.code, 0, begun.stderr);
      await page.getByRole('link', { name: 'watched' }).click();
      await page.evaluate('window.notReloaded = true');

      await page.locator('.phase.lit[data-state="main.running"]').waitFor();
      // Its node is cut off, and can say so only later.
      await page.locator('a[data-fault][data-acts="by plan"]').waitFor();
      await page.getByRole('img', { name: '12 of 12 sent' }).waitFor();
      await page.getByRole('button', { name: 'Export' }).waitFor();
      await page.getByText('PASS', { exact: true }).waitFor();
      await page.locator('a[data-fault] rect.was').waitFor();
      await picture(page, 'run-ended');
      assert.equal(await page.evaluate('window.notReloaded'), true);
      assert.deepEqual(await counts(page), [
        ['north', '12', '0'],
        ['south', '0', '12'],
      ]);
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export' }).click();
      saved = inDir((await download).suggestedFilename());
      await (await download).saveAs(saved);
      assert.match(saved, /watched\.postern-run\.jsonl\.gz$/);
    });

    const byCli = await postern('runs', 'export', 'watched', '-o', inDir('watched.jsonl'));
    assert.equal(byCli.code, 0, byCli.stderr);
    assert.deepEqual(
      facts(gunzipSync(await readFile(saved)).toString()),
      facts(await readFile(inDir('watched.jsonl'), 'utf8')),
    );

    await stage.hub?.stop('SIGKILL');
    const open = new Lines(['runs', 'open', saved]);
    opened.push(open);
    const url = await eventually('it says where', () => open.lines[0]);
    const { page, noise } = await openAddress(browser, url);
    await page.getByText('From the file watched.postern-run.jsonl.gz').waitFor();
    await page.getByText('PASS', { exact: true }).waitFor();
    assert.deepEqual(await counts(page), [
      ['north', '12', '0'],
      ['south', '0', '12'],
    ]);
    await replay(page);
    const leads = page.locator('.run-actions');
    await leads.getByRole('link', { name: 'Sequence' }).click();
    await page.locator('.sequence g.mark text', { hasText: 'LOADED' }).first().waitFor();
    await picture(page, 'run-sequence-of-file');
    await page.goBack();
    await leads.getByRole('link', { name: 'Machine' }).click();
    await page.locator('svg title', { hasText: 'judging' }).first().waitFor({ state: 'attached' });
    await picture(page, 'run-machine-of-file');
    assert.deepEqual(noise, []);
    await page.close();
  });
});

/** Node, sent and received of each row of the tests, sorted. */
async function counts(page: Page): Promise<string[][]> {
  const rows = page.getByRole('table', { name: 'Tests' }).locator('tbody tr:not(.space)');
  const texts = await rows.evaluateAll((all) =>
    all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? '')),
  );
  return texts.map(([node = '', , , , sent = '', received = '']) => [node, sent, received]).sort();
}

/** Goes to the start, and plays until the verdict is there again. */
async function replay(page: Page): Promise<void> {
  const moment = page.getByRole('slider', { name: 'Moment' });
  await moment.fill('0');
  await page.locator('.phase.lit[data-state="loading"]').waitFor();
  assert.equal(await page.getByText('PASS', { exact: true }).count(), 0);
  assert.deepEqual(await counts(page), [
    ['north', '0', '0'],
    ['south', '0', '0'],
  ]);
  // Right below the fault.
  const fault = await page.locator('a[data-fault] rect.was').boundingBox();
  const drawing = await page.locator('.time-line svg').boundingBox();
  assert.ok(fault !== null && drawing !== null);
  await page.mouse.click(fault.x + fault.width / 2, drawing.y + drawing.height - 20);
  await page.locator('a[data-fault][data-acts="yes"]').waitFor();
  await page.locator('.phase.lit[data-state="main.running"]').waitFor();
  const [[, sent] = []] = await counts(page);
  assert.ok(Number(sent) > 0 && Number(sent) < 12, `${sent} of 12 are sent in the middle of the fault`);

  await page.getByRole('combobox', { name: 'Speed' }).selectOption('5');
  await page.getByRole('button', { name: 'Play' }).click();
  await page.getByText('PASS', { exact: true }).waitFor();
}

/** What a file says, whoever has written it: defaults may be told or not, numbers be texts. */
function facts(text: string): unknown[] {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return typeof value === 'number' ? String(value) : value;
    const entries = Object.entries(value)
      .map(([key, of]): [string, unknown] => [key, plain(of)])
      .filter(
        ([, of]) => !['', '0', false, undefined].some((none) => none === of) && JSON.stringify(of) !== '[]',
      );
    return Object.fromEntries(entries.filter(([, of]) => JSON.stringify(of) !== '{}').sort());
  };
  const lines = text.trimEnd().split('\n');
  return lines
    .map((line): unknown => JSON.parse(line))
    .map((line) => JSON.stringify({ ...Object(plain(line)), exportedAtMs: 0 }))
    .sort();
}
