import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Page } from 'playwright-core';
import { judgementSchema } from '../../../src/controller/report/judgement-schema.js';
import { eventually } from '../../support/processes.js';
import type { Stage } from '../../system/rehearsal/stage.js';

/** What a report says, as far as the page shows it at the end. */
export interface Shown {
  readonly verdict: string;
  /** Node, sent and received of each test of each node, sorted. */
  readonly counts: readonly (readonly string[])[];
}

/** What the page has to show of a run that has ended, by the report that the command line gives. */
export async function judged(stage: Stage, run: string): Promise<Shown> {
  const { code, stdout, stderr } = await stage.fleet.postern(['runs', 'report', run, '-o', 'json']);
  assert.equal(code, 0, stderr);
  const { verdict, tests, plan } = judgementSchema.parse(JSON.parse(stdout));
  const counts = tests.flatMap(({ pairs }) =>
    plan.nodes.flatMap((node) => {
      const own = pairs.find(({ sender }) => sender === node)?.counts;
      const come = pairs.filter(({ receiver }) => receiver === node);
      if (own === undefined && come.length === 0) return [];
      const sent = own === undefined ? 0 : own.ok + own.fail + own.info;
      return [[node, `${sent}`, `${come.reduce((sum, pair) => sum + pair.counts.delivered, 0)}`]];
    }),
  );
  return { verdict: verdict.toUpperCase(), counts: counts.sort() };
}

/** Waits for the verdict, and until the counts are those of the report. */
export async function showsEnd(page: Page, { verdict, counts }: Shown): Promise<void> {
  await page.getByText(verdict, { exact: true }).waitFor();
  await page.getByText('journals judged').waitFor();
  await eventually('the counts are those of the report', async () =>
    isDeepStrictEqual(await shownCounts(page), counts),
  ).catch(async () => assert.deepEqual(await shownCounts(page), counts));
}

/** Node, sent and received of each row of the tests, sorted. */
export async function shownCounts(page: Page): Promise<string[][]> {
  const rows = page.getByRole('table', { name: 'Tests' }).locator('tbody tr:not(.space)');
  const texts = await rows.evaluateAll((all) =>
    all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? '')),
  );
  return texts.map(([node = '', , , , sent = '', received = '']) => [node, sent, received]).sort();
}

/** Goes to the start, into the middle of the fault, and plays from there until the verdict is there again. */
export async function replay(page: Page, { verdict, counts }: Shown): Promise<void> {
  await page.getByRole('slider', { name: 'Moment' }).fill('0');
  await page.locator('.phase.lit[data-state="loading"]').waitFor();
  assert.equal(await page.getByText(verdict, { exact: true }).count(), 0);
  assert.deepEqual(
    await shownCounts(page),
    counts.map(([node]) => [node, '0', '0']),
  );
  // Right below the fault.
  const fault = await page.locator('a[data-fault] rect.was').boundingBox();
  const drawing = await page.locator('.time-line svg').boundingBox();
  assert.ok(fault !== null && drawing !== null);
  await page.mouse.click(fault.x + fault.width / 2, drawing.y + drawing.height - 20);
  await page.locator('a[data-fault][data-acts="yes"]').waitFor();
  await page.locator('.phase.lit[data-state="main.running"]').waitFor();
  const [now, end] = [await shownCounts(page), counts].map((all) => Number(all[0]?.[1]));
  assert.ok(now !== undefined && end !== undefined && now > 0 && now < end, `${now} of ${end} in the fault`);

  await page.getByRole('combobox', { name: 'Speed' }).selectOption('5');
  await page.getByRole('button', { name: 'Play' }).click();
  await showsEnd(page, { verdict, counts });
}

/** What a file of a run says, whoever has written it: defaults may be told or not, and numbers be texts. */
export function factsOf(text: string): string[] {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return typeof value === 'number' ? `${value}` : value;
    const told = Object.entries(value)
      .map(([key, one]): [string, unknown] => [key, plain(one)])
      .filter(([, one]) => !['""', '"0"', 'false', '[]', '{}', undefined].includes(JSON.stringify(one)));
    return Object.fromEntries(told.sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  return lines.map((line) => JSON.stringify(plain(line)).replace(/"exportedAtMs":"\d+",?/, '')).sort();
}
