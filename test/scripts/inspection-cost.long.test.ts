import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { findH2load } from '../../scripts/bench/h2load.js';
import { nodeClient } from '../../scripts/bench/node-client.js';
import { watchAsPage } from '../../scripts/bench/page-client.js';
import { measurePairs, medianRatio, type Pair } from '../../scripts/bench/pairs.js';
import { type RunningPostern, startPostern } from '../../scripts/bench/postern.js';
import { startEchoServer } from '../../scripts/bench/server.js';
import { Fleet } from '../support/fleet.js';
import { compiledRoot } from '../support/processes.js';

/** So much may a call cost with somebody looking on. */
const most = 1.1;
/** On a machine that does other things too, ten pairs may tell little: then so many more series are added to them. */
const moreSeries = 2;

let dir: string;
let fleet: Fleet;
let postern: RunningPostern;
let server: Awaited<ReturnType<typeof startEchoServer>>;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-cost-'));
  fleet = await Fleet.make();
  server = await startEchoServer(dir, 'node');
  postern = await startPostern(fleet, server.address, { POSTERN_DIST: compiledRoot });
});
after(async () => {
  await fleet.stop();
  await server.process.stop();
  await rm(dir, { recursive: true, force: true });
});

it('a call costs hub, agent and bus less than a tenth more while the inspector’s pages are open', async (context) => {
  const client = (await findH2load(dir, () => {})) ?? nodeClient;
  const token = (await readFile(path.join(fleet.dir, 'hub/tokens/admin.jwt'), 'utf8')).trim();
  const prepare = async () => {
    const page = await watchAsPage(postern.address, token);
    return async () => {
      // throws where a stream has ended
      page.messages();
      page.close();
    };
  };
  const pairs: Pair[] = [];
  for (let series = 0; series <= moreSeries; series++) {
    const sides = { plain: { postern }, laden: { postern, prepare } };
    pairs.push(...(await measurePairs(client, sides, { pairs: 10, seconds: 1.5 }, () => {})));
    context.diagnostic(`${pairs.length} pairs: ${medianRatio(pairs).toFixed(3)}`);
    if (medianRatio(pairs) <= most) return;
  }
  assert.fail(`${medianRatio(pairs)} times the CPU time, by ${pairs.length} pairs`);
});
