import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { withoutGo } from '../../scripts/go-toolchain.js';
import { Fleet } from '../support/fleet.js';
import { h2specTotals, node20Failures } from './cases.js';
import { h2spec } from './go-programs.js';
import { casesOf, type H2specReport, runAllH2spec, runH2spec } from './h2spec-run.js';
import { joiningRelay } from './joining-relay.js';

describe("h2spec against the hub and against Node's own server", { skip: await withoutGo() }, () => {
  let program: string;
  let fleet: Fleet;
  let hub: string;
  let bare: string;
  let stopBare: () => void;
  let ofHub: H2specReport;
  let ofBare: H2specReport;

  before(async () => {
    program = await h2spec();
    fleet = await Fleet.make();
    // Connections that h2spec has broken are closed by the end of the time that calls have to finish.
    await fleet.up(['--drain', '1s']);
    hub = await fleet.hubAddress();
    const server = createServer();
    server.on('session', (session) => session.on('error', () => {}));
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond({ ':status': 200 });
      stream.end('hello');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    stopBare = () => server.close();
    const bound = server.address();
    bare = typeof bound === 'object' && bound !== null ? `127.0.0.1:${bound.port}` : '';
    [ofHub, ofBare] = await Promise.all([runAllH2spec(program, hub), runAllH2spec(program, bare)]);
  });
  after(async () => {
    stopBare();
    await fleet.stop();
  });

  /**
   * Fails a second time too, and when its writes come in one piece: some cases depend on whether the server has answered
   * the first of two frames before the second one came.
   */
  async function alwaysFails(address: string, selector: string): Promise<boolean> {
    const relay = await joiningRelay(address);
    try {
      for (const way of [address, relay.address]) {
        const again = await runH2spec(program, way, [selector]);
        if (casesOf(again, 'failed').length === 0) return false;
      }
      return true;
    } finally {
      relay.close();
    }
  }

  test('the hub fails no case that Node does not fail', async () => {
    assert.equal(ofHub.size, h2specTotals.cases);
    const alike = new Set(casesOf(ofBare, 'failed'));
    const worse: string[] = [];
    for (const selector of casesOf(ofHub, 'failed')) {
      if (alike.has(selector) || !(await alwaysFails(hub, selector))) continue;
      worse.push(`${selector} ${ofHub.get(selector)?.title}`);
    }
    assert.deepEqual(worse, []);
  });

  test('the hub leaves out no case that Node passes', () => {
    const left = casesOf(ofHub, 'skipped').filter((selector) => ofBare.get(selector)?.result === 'passed');
    assert.deepEqual(left, []);
  });

  const major = Number(process.versions.node.split('.')[0]);
  test("Node 20's failures are the ones that are listed", {
    skip: major === 20 ? false : 'another Node',
  }, async () => {
    for (const [address, report] of [
      [hub, ofHub],
      [bare, ofBare],
    ] as const) {
      const listed = new Map(Object.entries(node20Failures));
      for (const selector of casesOf(report, 'failed')) {
        const title = report.get(selector)?.title;
        if (listed.get(selector)?.title !== title) {
          assert.equal(await alwaysFails(address, selector), false, `${selector} ${title}`);
        }
      }
      for (const [selector, { title }] of listed) assert.equal(report.get(selector)?.title, title);
    }
  });
});
