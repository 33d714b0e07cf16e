import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Judgement } from '../../../src/controller/judging/judgement.js';
import { htmlReport } from '../../../src/controller/report/html-report.js';
import { openFile, picture, startBrowser, type WatchedPage, withoutBrowser } from '../../support/browser.js';
import { checkedRun } from './checked-run.js';
import { disturbedJudgement } from './disturbed-judgement.js';
import { madeJudgement, smallRun } from './made-judgement.js';

const skip = await withoutBrowser();

describe('the page of a report in a browser', { skip }, () => {
  let dir: string;
  let browser: Browser;
  const small = madeJudgement(smallRun());

  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'postern-page-'));
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await rm(dir, { recursive: true, force: true });
  });

  async function open(
    judgement: Judgement,
    options: Parameters<typeof openFile>[2] = {},
  ): Promise<WatchedPage> {
    const file = path.join(dir, 'report.html');
    await writeFile(file, htmlReport(judgement));
    return openFile(browser, file, options);
  }

  test('says the verdict and why, and shows matrix, plot and lanes, all from one file', async () => {
    const { page, noise } = await open(small);
    assert.equal(await page.locator('#verdict').textContent(), 'FAIL');
    assert.match(
      (await page.locator('#why').textContent()) ?? '',
      /3 messages of main-1 were lost; none may be/,
    );
    assert.equal(await page.locator('#matrix tbody tr').count(), 5);
    assert.equal(await page.locator('#matrix button').count(), 20);
    const lost = page.locator('#matrix button.bad');
    assert.match((await lost.first().textContent()) ?? '', /^\d lost$/);
    const counted = await lost.evaluateAll((all) =>
      all.map((one) => Number.parseInt(one.textContent ?? '', 10)),
    );
    assert.equal(
      counted.reduce((a, b) => a + b, 0),
      3,
    );
    const main = small.tests[1];
    assert.equal(await page.locator('#latency svg').getAttribute('data-points'), String(main?.points.length));
    assert.equal(await segments(page, '#latency path.dots'), main?.points.length);
    assert.deepEqual(await page.locator('#latency .fault text').allTextContents(), [
      'north: link',
      'west: peers',
    ]);
    assert.deepEqual(await page.locator('#space-time .lane text').allTextContents(), small.plan.nodes);
    assert.equal(await page.locator('#space-time .fault').count(), 2);
    assert.equal(await page.locator('#space-time .blind').count(), 2);
    assert.equal(await segments(page, '#space-time path.missing'), 3 * 3 + 3);
    assert.match((await page.locator('#provenance').textContent()) ?? '', /7f3a-seed.*b1946ac9/);
    await picture(page, 'report-light');
    assert.deepEqual(noise, []);
    await page.close();
  });

  test('leads from a lost message to its whole history, by a link that can be passed on', async () => {
    const { page, noise } = await open(small);
    await page.getByRole('combobox', { name: 'Trouble' }).selectOption('lost');
    const links = page.locator('#messages tbody a');
    assert.equal(await links.count(), 3);
    const name = await links.first().textContent();
    await links.first().click();
    const history = page.locator('#history');
    assert.ok((await history.locator('h3').textContent())?.startsWith(name ?? '?'));
    const whats = await history.locator('tbody td:nth-child(3)').allTextContents();
    assert.deepEqual(
      whats.filter((what) => ['due', 'sent', 'ok', 'absent'].includes(what)),
      ['due', 'sent', 'ok', 'absent'],
    );
    assert.ok((await page.locator('path.chosen').getAttribute('d'))?.startsWith('M'), 'it is in the diagram');
    await page.goBack();
    await history.getByText('Choose a message').waitFor();
    await page.close();

    const message = small.messages.find(({ troubles }) => troubles[0]?.trouble === 'lost');
    const hash = `#message=main-1/${message?.sender}/${message?.seq}`;
    const linked = await open(small, { hash });
    const title = `main-1 #${message?.seq} of ${message?.sender}`;
    assert.equal(await linked.page.locator('#history h3').textContent(), title);
    assert.deepEqual([...noise, ...linked.noise], []);
    await linked.page.close();
  });

  test('tells what befell the nodes of a message while it was on its way', async () => {
    const lost = { lost: 400 };
    const { page } = await open(madeJudgement({ ...smallRun(), troubles: lost }));
    await page.locator('#messages tbody tr', { hasText: 'north' }).locator('a').first().click();
    const about = await page.locator('#history td.fault').allTextContents();
    assert.ok(about.includes('link begins'), about.join());
    assert.ok((await page.locator('#history td.blind').allTextContents()).includes('out of sight'));
    await page.close();
  });

  test('is used by keys alone: matrix, list and diagram', async () => {
    const { page } = await open(small);
    await page.locator('#matrix button').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    const reached = page.locator('#matrix button:focus');
    assert.equal(
      await reached.getAttribute('aria-label').then((label) => label?.split(':')[0]),
      'north to south',
    );
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#pair h3').textContent(), 'north to south');
    assert.equal(await page.locator('#matrix button[tabindex="0"]').count(), 1, 'one stop for Tab');

    await page.locator('#messages tbody a').first().focus();
    await page.keyboard.press('Enter');
    await page.locator('#history h3').waitFor();

    const diagram = page.locator('#space-time svg');
    const readout = page.locator('#space-time .readout');
    await diagram.focus();
    await page.keyboard.press('0');
    await readout.filter({ hasText: '400 lines' }).waitFor();
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    await readout.filter({ hasNotText: '400 lines' }).waitFor();
    const before = await readout.textContent();
    await page.keyboard.press('ArrowRight');
    await readout.filter({ hasNotText: before ?? '' }).waitFor();
    await page.close();
  });

  test('is dark where the reader likes it dark, and tells where messages stayed and what canaries saw', async () => {
    const { page, noise } = await open(disturbedJudgement(), { colorScheme: 'dark' });
    const stayed = page.locator('#layers tbody tr');
    assert.deepEqual(await stayed.first().locator('td').allTextContents(), [
      ...['all tests', '', ''],
      ...['2', '3', '1', '434'],
    ]);
    await stayed.getByRole('button', { name: 'Show east to north in main-1' }).click();
    assert.equal(await page.locator('#pair h3').textContent(), 'east to north');
    assert.match(
      (await page.locator('#faults .sights').textContent()) ?? '',
      /spared loopback: during 4 of 4/,
    );
    assert.match((await page.locator('#blind').textContent()) ?? '', /5 s for ever/);
    const colour = (name: string): Promise<string> =>
      page.evaluate(`getComputedStyle(document.body).${name}`);
    assert.ok(brightness(await colour('backgroundColor')) < 60);
    assert.ok(brightness(await colour('color')) > 200);
    await picture(page, 'report-dark');
    assert.deepEqual(noise, []);
    await page.close();
  });

  test('shows what the checker itself has judged', async () => {
    const judgement = checkedRun(6);
    assert.equal(judgement.verdict, 'fail');
    const { page, noise } = await open(judgement);
    assert.equal(await page.locator('#verdict').textContent(), 'FAIL');
    const links = page.locator('#messages tbody a');
    assert.equal(await links.count(), judgement.messages.length);
    await links.last().click();
    await page.locator('#history tbody tr').first().waitFor();
    const told = await page.locator('#history tbody tr:not(:has(.fault, .blind))').count();
    assert.equal(told, judgement.messages.at(-1)?.history.length);
    assert.deepEqual(noise, []);
    await page.close();
  });

  test('takes names for names, whatever is in them', async () => {
    const evil = [
      '<img src=x onerror=alert(1)>',
      "</script><script>alert('x')</script>",
      '"&<!--\u2028',
      'plain',
      'a/b#c%',
    ];
    const { page, noise } = await open(
      madeJudgement({
        ...smallRun(),
        nodes: evil,
        name: '<svg onload=alert(2)>',
        reasons: [{ code: '<b>', verdict: 'fail', text: '<script>alert(3)</script>' }],
      }),
    );
    assert.deepEqual(await page.locator('#matrix tbody th').allTextContents(), evil);
    assert.equal(await page.locator('#why').textContent(), '<b> <script>alert(3)</script>');
    for (const link of await page.locator('#messages tbody a').all()) {
      await link.click();
      await page.locator('#history h3').waitFor();
    }
    assert.equal(await page.locator('img').count(), 0);
    assert.deepEqual(noise, []);
    await page.close();
  });

  test('may run no other script, even where one gets in', async () => {
    const file = path.join(dir, 'planted.html');
    const planted = htmlReport(small).replace(
      '</body>',
      '<script>document.title = "planted"</script></body>',
    );
    await writeFile(file, planted);
    const { page, noise } = await openFile(browser, file);
    assert.equal(await page.title(), 'FAIL: two cut off, run r-20260301-1000-7f3a');
    assert.match(noise.join('\n'), /Content Security Policy/);
    await page.close();
  });

  test('opens 40 nodes with 1,000 troubled messages soon, and answers at once', async () => {
    const nodes = Array.from({ length: 40 }, (_, i) => `node-${i + 1}`);
    const big = madeJudgement({ ...smallRun(), nodes, troubles: { lost: 1_000, late: 300 } });
    assert.deepEqual([big.deliveries.length, big.troubled.lost], [2_000, 1_000]);
    const { page, noise, busyMs } = await open(big);
    await page.locator('#provenance').waitFor();
    const opened = await busyMs();
    assert.equal(await page.locator('#matrix button').count(), 40 * 39);
    await page.locator('#space-time svg').focus();
    for (let i = 0; i < 10; i += 1) await page.keyboard.press(i % 2 === 0 ? '+' : 'ArrowRight');
    await page.locator('#messages tbody a').nth(150).click();
    await page.locator('#history h3').waitFor();
    const answered = (await busyMs()) - opened;
    assert.ok(opened < 2_000, `opening took ${opened} ms`);
    assert.ok(answered < 1_200, `11 actions took ${answered} ms`);
    assert.deepEqual(noise, []);
    await page.close();
  });
});

/** How many pieces the paths of a drawing have. */
async function segments(page: Page, selector: string): Promise<number> {
  const paths = await page.locator(selector).all();
  const all = await Promise.all(paths.map((one) => one.getAttribute('d')));
  return all.join('').match(/M|m/g)?.length ?? 0;
}

function brightness(colour: string): number {
  const parts = (colour.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  return parts.reduce((a, b) => a + b, 0) / 3;
}
