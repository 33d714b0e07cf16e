import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { credentials, Metadata } from '@grpc/grpc-js';
import type { Browser } from 'playwright-core';
import { z } from 'zod';
import { InspectorClient } from '../../../src/gen/postern/v1/inspector.js';
import { picture, startBrowser, withoutBrowser } from '../../support/browser.js';
import { Fleet } from '../../support/fleet.js';
import { onInspectorPage } from '../../support/inspector-page.js';
import { InteropClient } from '../../support/interop/client.js';
import { checkoutRoot, eventually } from '../../support/processes.js';

const skip = await withoutBrowser();
const run = promisify(execFile);
/** More than are told one by one within some seconds. */
const manyCalls = 24;
const responseOf = z.object({
  methods: z.array(z.object({ ended: z.record(z.string(), z.number()) })),
  notable: z.array(z.object({ call: z.string() })),
});
const eventOf = z.object({ code: z.number().optional(), callId: z.string().optional() });

describe('the calls in the page of the inspector', { skip }, () => {
  let fleet: Fleet;
  let hub: string;
  let token: string;
  let browser: Browser;

  before(async () => {
    fleet = await Fleet.make();
    await fleet.up();
    hub = await fleet.hubAddress();
    const server = await fleet.interopServer();
    await fleet.agent('cellar', [server.address]);
    token = await fleet.callerToken('looker', ['--role', 'operate']);
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await fleet.stop();
  });

  /** A call with `postern call`; its exit status. */
  const call = async (method: string, message: string) =>
    (await fleet.postern(['call', 'cellar', `grpc.testing.TestService/${method}`, '-d', message])).code;

  test('show rate and failures as they come, and lead to a call that failed and the way to call again', async () => {
    await onInspectorPage(browser, { hub, token, name: 'calls', at: '/calls' }, async (page) => {
      await page.getByRole('heading', { name: 'Calls' }).waitFor();
      assert.equal(await call('UnaryCall', '{"responseStatus":{"code":5,"message":"no"}}'), 64 + 5);
      assert.equal(await call('EmptyCall', '{}'), 0);
      const row = page.getByRole('row').filter({ hasText: 'grpc.testing.TestService/UnaryCall' });
      await row.filter({ hasText: 'NOT_FOUND 1' }).waitFor();
      await page.getByRole('row').filter({ hasText: 'EmptyCall' }).filter({ hasText: 'OK 1' }).waitFor();
      await page.getByRole('status').filter({ hasText: '1 failed' }).waitFor();
      await row.click();
      await page
        .getByRole('figure')
        .filter({ hasText: 'cellar grpc.testing.TestService/UnaryCall' })
        .waitFor();

      await page.getByRole('group', { name: 'Show' }).getByRole('button', { name: 'Failed' }).click();
      await page.getByRole('row').filter({ hasText: 'NOT_FOUND' }).click();
      const details = page.getByRole('complementary');
      await picture(page, 'calls');
      await details.getByText('NOT_FOUND').waitFor();
      const way = await details.getByRole('img').getAttribute('aria-label');
      assert.match(way ?? '', /^in all .*ms, hub and bus .*ms, agent .*ms, server .*ms$/);
      const command = (await details.getByLabel('postern command').locator('pre').textContent()) ?? '';
      assert.ok(!command.includes(token));
      const { code, stdout } = await sh(command);
      assert.deepEqual([code, JSON.parse(stdout)], [0, { payload: {} }], command);
    });
  });

  test('find a call of the past by its id, and show each call as it ends', async () => {
    const authorization = `Bearer ${token}`;
    const client = new InteropClient({ address: hub, metadata: { name: 'cellar', authorization } });
    const failing = () => client.unaryCall({ responseStatus: { code: 9, message: 'later' } });
    await Promise.all(Array.from({ length: manyCalls }, failing));
    // Hubs tell of some of them; another one is in the activity alone.
    const told = await toldFailures(authorization);
    const { callId: id } = await eventually('the activity has one more', async () => {
      const listed = await fleet.postern(['activity', 'cellar', '--since', '1m', '-o', 'jsonl']);
      const events = listed.stdout
        .trim()
        .split('\n')
        .map((line) => eventOf.parse(JSON.parse(line)));
      return events.find(({ code, callId = '' }) => code === 9 && !told.has(callId));
    });
    const at = `/calls?show=each&q=failed_precondition&call=${id}`;
    await onInspectorPage(browser, { hub, token, name: 'calls-each', at }, async (page) => {
      const details = page.getByRole('complementary', { name: `Call ${id}` });
      await details.getByText('FAILED_PRECONDITION').waitFor();
      const rows = page.getByRole('table', { name: 'Calls one by one' }).getByRole('row');
      await rows.nth(manyCalls).waitFor();
      assert.equal(await rows.count(), 1 + manyCalls);
      await failing();
      await rows.nth(1 + manyCalls).waitFor();
      client.close();
      await page.keyboard.press('Escape');
      await details.waitFor({ state: 'detached' });
      await page.goto(page.url().replace(/\?.*/, '?call=nowhere-1'));
      await page.getByRole('complementary').getByRole('alert').filter({ hasText: 'not kept' }).waitFor();
    });
  });

  /** The calls that hubs tell of by themselves, when they have told of all. */
  async function toldFailures(authorization: string): Promise<ReadonlySet<string>> {
    const metadata = new Metadata();
    metadata.set('authorization', authorization);
    const inspector = new InspectorClient(hub, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
    const ids = new Set<string>();
    let count = 0;
    try {
      for await (const second of inspector.watchCalls({ node: 'cellar' }, metadata)) {
        const { methods, notable } = responseOf.parse(second);
        for (const { ended } of methods) count += ended[9] ?? 0;
        for (const { call: id } of notable) ids.add(id);
        if (count >= manyCalls) return ids;
      }
    } finally {
      inspector.close();
    }
    assert.fail(`only ${count} were told`);
  }

  /** Runs what was copied; POSTERN_TOKEN is there as it says. */
  async function sh(command: string): Promise<{ code: number; stdout: string }> {
    const env = {
      ...process.env,
      PATH: `${path.join(checkoutRoot, 'bin')}:${process.env.PATH}`,
      POSTERN_TOKEN: token,
    };
    return run('/bin/sh', ['-c', command], { env }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
    );
  }
});
