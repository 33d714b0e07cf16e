/**
 * What it costs a call that somebody looks on: pairs of equal load, without and with a client that holds open what the
 * inspector's pages do. Ends with 1 where the median of the ratios is above 1.10, or a call fails.
 *
 * `--traces` weighs traces instead, at 1 % and at all calls, beside none; it prints and judges nothing.
 *
 * Environment: `BENCH_PAIRS` (10), `BENCH_SECONDS` (2) of a block, `BENCH_SERVER` as in `scripts/bench.ts`.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../src/errors.js';
import { Fleet } from '../../test/support/fleet.js';
import { startOtlpCollector } from '../../test/support/otlp-collector.js';
import { compiledRoot } from '../../test/support/processes.js';
import { findH2load } from './h2load.js';
import type { UnaryClient } from './load.js';
import { nodeClient } from './node-client.js';
import { watchAsPage } from './page-client.js';
import { measurePairs, medianRatio, type Side } from './pairs.js';
import { startPostern } from './postern.js';
import { startEchoServer } from './server.js';

/** So much may a call cost with somebody looking on. */
const most = 1.1;
/** The streams of the last block are over at the hub by then, in milliseconds. */
const settleMs = 300;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const length = {
  pairs: Number(process.env.BENCH_PAIRS ?? 10),
  seconds: Number(process.env.BENCH_SECONDS ?? 2),
};
const ends: (() => Promise<unknown>)[] = [];

async function side(
  upstream: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Side & { readonly fleet: Fleet }> {
  const fleet = await Fleet.make();
  ends.push(() => fleet.stop());
  return { fleet, postern: await startPostern(fleet, upstream, { POSTERN_DIST: compiledRoot, ...env }) };
}

async function weighInspection(client: UnaryClient, upstream: string): Promise<boolean> {
  const { fleet, postern } = await side(upstream);
  const token = (await readFile(path.join(fleet.dir, 'hub/tokens/admin.jwt'), 'utf8')).trim();
  const prepare = async () => {
    const page = await watchAsPage(postern.address, token);
    return async () => {
      say(`the page heard ${JSON.stringify(page.messages())}`);
      page.close();
      await sleep(settleMs);
    };
  };
  const sides = { plain: { postern }, laden: { postern, prepare } };
  const ratio = medianRatio(await measurePairs(client, sides, length, say));
  process.stdout.write(`inspection: ${ratio.toFixed(3)} times the CPU time of a call (at most ${most})\n`);
  return ratio <= most;
}

async function weighTraces(client: UnaryClient, upstream: string): Promise<boolean> {
  const collector = await startOtlpCollector();
  ends.push(() => collector.stop());
  const plain = await side(upstream);
  for (const share of ['0.01', '1']) {
    const laden = await side(upstream, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: share,
    });
    const ratio = medianRatio(await measurePairs(client, { plain, laden }, length, say));
    process.stdout.write(
      `traces of ${share} of all calls: ${ratio.toFixed(3)} times the CPU time of a call\n`,
    );
  }
  return true;
}

const dir = await mkdtemp(path.join(tmpdir(), 'postern-inspection-'));
let well = false;
try {
  const server = await startEchoServer(dir, process.env.BENCH_SERVER ?? '');
  ends.push(() => server.process.stop());
  const client = (await findH2load(dir, say)) ?? nodeClient;
  const weigh = process.argv.includes('--traces') ? weighTraces : weighInspection;
  well = await weigh(client, server.address);
} catch (thrown) {
  say(`FAILED: ${errorText(thrown)}`);
} finally {
  for (const end of ends.reverse()) await end();
  await rm(dir, { recursive: true, force: true });
}
process.exit(well ? 0 : 1);
