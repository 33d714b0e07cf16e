import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { picture, startBrowser, withoutBrowser } from '../../support/browser.js';
import { onInspectorPage } from '../../support/inspector-page.js';
import { eventually } from '../../support/processes.js';
import { Stage } from '../../system/rehearsal/stage.js';
import { judged, shownCounts, showsEnd } from './run-page.js';

const skip = await withoutBrowser();

/** One of the two sends some messages to the other. */
const messages = (amount: number): string => `nodes: {north: , south: }
groups: {chat: {tests: {ping: {type: text, senders: south, interval: 200ms, amount: ${amount}}}}}
control: false
arm: 2s
settle: 2s
`;

describe('what is done with runs in the page of the inspector', { skip }, () => {
  let stage: Stage;
  let browser: Browser;
  let hub: string;
  let token: string;

  before(async () => {
    browser = await startBrowser();
    stage = await Stage.open(['north', 'south']);
    // One that loses the second message that it is given.
    stage.daemonOptions = ['--misbehave', 'lose=@2'];
    await stage.startDaemon('south');
    hub = await stage.fleet.hubAddress();
    token = await stage.fleet.callerToken('looker', ['--role', 'operate']);
  });
  after(async () => {
    await browser?.close();
    await stage?.close();
  });

  const onPage = (at: string, work: (page: Page) => Promise<void>) =>
    onInspectorPage(browser, { hub, token, at, name: 'runs-done' }, work);
  const inDir = (name: string) => path.join(stage.fleet.dir, name);
  const postern = (...args: string[]) => stage.fleet.postern(args);

  async function begin(name: string, amount: number): Promise<void> {
    await writeFile(inDir(`${name}.yaml`), messages(amount));
    const begun = await postern('run', '--detach', '--name', name, inDir(`${name}.yaml`));
    assert.equal(begun.code, 0, begun.stderr);
  }

  test('a run that fails says why, and its report is saved as one page', async () => {
    await onPage('/runs/fails', async (page) => {
      await page.getByRole('alert').getByText("there is no run 'fails'").waitFor();
      await begin('fails', 10);
      await page.reload();
      await page.getByText('FAIL', { exact: true }).waitFor({ timeout: 60_000 });
      await showsEnd(page, await judged(stage, 'fails'));
      await page
        .getByText(/message.* lost/)
        .first()
        .waitFor();
      await picture(page, 'run-failed');
      const saving = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Report (HTML)' }).click();
      const saved = await saving;
      assert.equal(saved.suggestedFilename(), 'fails-report.html');
      await saved.saveAs(inDir('report.html'));
      assert.match(await readFile(inDir('report.html'), 'utf8'), /^<!doctype html>[\s\S]*FAIL/);
    });
  });

  test('a run is ended from the page, after a question, and the list shows what became of it', async () => {
    await begin('stopped', 1_000);
    await onPage('/runs?verdict=going', async (page) => {
      await page.getByRole('link', { name: 'stopped' }).click();
      await page.locator('.phase.lit[data-state="main.running"]').waitFor();
      await eventually('some are sent', async () => {
        const counts = await shownCounts(page);
        return counts.some(([, sent]) => Number(sent) > 2);
      });
      await page.getByRole('button', { name: 'Stop…' }).click();
      await page.getByRole('button', { name: 'Let it go on' }).click();
      await page.getByRole('button', { name: 'Stop…' }).click();
      await page.getByLabel('Why').fill('enough');
      await page.getByRole('button', { name: 'End it' }).click();
      await page.getByRole('status').filter({ hasText: 'aborted' }).waitFor();
      await page.getByText(/ended it: enough/).waitFor();
      await showsEnd(page, await judged(stage, 'stopped'));
      await page.getByRole('link', { name: 'Runs', exact: true }).last().click();
      const row = page.getByRole('row').filter({ hasText: 'stopped' });
      await row.filter({ hasText: 'aborted' }).waitFor();
      await page.getByRole('searchbox').fill('nothing like it');
      await row.waitFor({ state: 'detached' });
      assert.match(page.url(), /\?q=nothing/);
    });
  });

  test('a file is opened in the place of the hub, and the hub again after it; a bad one is refused', async () => {
    await onPage('/runs', async (page) => {
      const chooses = async (name: string, content: string) => {
        const buffer = Buffer.from(content);
        await page.getByLabel('File of a run').setInputFiles({ name, mimeType: 'text/plain', buffer });
      };
      const exported = await postern('runs', 'export', 'fails', '--output-file', '-');
      assert.equal(exported.code, 0, exported.stderr);
      const { stdout } = exported;
      await chooses('cut.jsonl', stdout.slice(0, stdout.lastIndexOf('{"k":"end"')));
      await page
        .getByRole('alert')
        .getByText(/cut\.jsonl:\d+: the file ends before its last line/)
        .waitFor();
      await chooses('odd.jsonl', stdout.replace('"nodes":["north","south"]', '"nodes":7'));
      await page
        .getByRole('alert')
        .getByText(/odd\.jsonl: Run: /)
        .waitFor();
      await chooses('fails.jsonl', stdout);
      await page.getByText('From the file fails.jsonl').waitFor();
      await showsEnd(page, await judged(stage, 'fails'));
      await page.getByRole('slider', { name: 'Moment' }).fill('0');
      await page.waitForURL(/\?at=0/);
      await page.getByRole('link', { name: 'chat_ping' }).first().click();
      await page.locator('svg title', { hasText: 'draining' }).first().waitFor({ state: 'attached' });
      await page.getByRole('button', { name: 'Back to the hub' }).click();
      await page.getByRole('link', { name: 'stopped' }).waitFor();
    });
  });
});
