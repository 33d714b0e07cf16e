import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { picture, startBrowser, withoutBrowser } from '../../support/browser.js';
import { Fleet } from '../../support/fleet.js';
import { onInspectorPage } from '../../support/inspector-page.js';
import { SimulatedNodes } from './simulated-nodes.js';

const skip = await withoutBrowser();
const count = 1_000;
const watchedMs = 15_000;
/** From here on a task is long, by the standard for such, and here it is too long, in milliseconds. */
const longMs = 50;
const longestMs = 100;

describe('a thousand nodes in the page of the inspector', { skip }, () => {
  let fleet: Fleet;
  let nodes: SimulatedNodes;
  let token: string;
  let browser: Browser;

  before(async () => {
    fleet = await Fleet.make();
    const { ready } = await fleet.up();
    nodes = await SimulatedNodes.start(path.join(fleet.dir, 'hub'), String(ready.nats), count);
    token = await fleet.callerToken('looker', ['--role', 'operate']);
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await nodes?.stop();
    await fleet.stop();
  });

  test('change a thousand times a second, and the page has few long tasks and shows the last', async () => {
    const hub = await fleet.hubAddress();
    await onInspectorPage(browser, { hub, name: 'thousand', token, at: '/fleet' }, async (page) => {
      await page.getByText(/^1.000 nodes$/).waitFor();
      nodes.feed();
      await page.locator('tbody tr', { hasText: 'node-0003' }).filter({ hasText: /E\d+/ }).waitFor();
      await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
      const before = { changes: nodes.told + nodes.written, at: performance.now() };
      await sleep(watchedMs / 2);
      // Who looks on also looks around.
      for (const key of ['End', 'PageUp', 'PageUp', 'Home']) {
        await page.locator('tbody tr[tabindex="0"]').first().press(key);
      }
      await page.getByRole('searchbox').fill('site-3');
      await page.getByText(/^14\d of 1.000 nodes$/).waitFor();
      await page.getByRole('searchbox').fill('');
      await page.getByRole('button', { name: 'Calls' }).click();
      await sleep(watchedMs / 2);
      const seconds = (performance.now() - before.at) / 1_000;
      const told = Math.round((nodes.told + nodes.written - before.changes) / seconds);
      const tasks = longTasks(await browser.stopTracing());
      assert.ok(told >= 1_000, `only ${told} changes a second were told`);
      assert.ok((await page.locator('tbody tr').count()) < 60, 'only rows in sight are in the document');
      const p95 = tasks.sort((a, b) => a - b)[Math.floor(tasks.length * 0.95)] ?? 0;
      const figures = `${tasks.length} long tasks, p95 ${p95} ms, longest ${tasks.at(-1) ?? 0} ms, ${told} changes/s`;
      assert.ok(p95 < longestMs, figures);
      process.stdout.write(`# ${figures}\n`);
      await page.getByRole('button', { name: 'Node' }).click();
      const { name, event } = nodes.eventOf(0);
      const number = Number(event.slice(1));
      const row = page.locator('tbody tr', { hasText: name });
      await row.waitFor();
      const shown = Number(/E(\d+)/.exec((await row.textContent()) ?? '')?.[1]);
      assert.ok(number - shown < 20, `${event} was told, and E${shown} is shown: two seconds behind`);
      await picture(page, 'fleet-thousand');
    });
  });
});

/** How long the long tasks of the page were at work, milliseconds of processor time: other load does not count. */
function longTasks(trace: Buffer): number[] {
  const { traceEvents }: { traceEvents: TraceEvent[] } = JSON.parse(trace.toString());
  const named = traceEvents.find(
    ({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain',
  );
  const tasks = traceEvents.filter(({ name, pid, tid }) => {
    return name === 'RunTask' && pid === named?.pid && tid === named.tid;
  });
  assert.ok(tasks.length > 100, `only ${tasks.length} tasks of the page are in its trace`);
  return tasks.map(({ tdur = 0 }) => tdur / 1_000).filter((ms) => ms >= longMs);
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of processor time. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}
