/**
 * Where the time goes: loads Postern, profiles hub and agent meanwhile, and writes `DIRECTORY/flame-hub.svg`,
 * `flame-agent.svg` and the profiles themselves beside them where `--keep` is given.
 *
 * `node dist/scripts/bench/profile.js DIRECTORY [unary|down|up] [--keep]`
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { errorText } from '../../src/errors.js';
import { Fleet } from '../../test/support/fleet.js';
import { compiledRoot, eventually } from '../../test/support/processes.js';
import { drawFlame } from './flame.js';
import { type CpuProfile, fold } from './folded.js';
import { findH2load } from './h2load.js';
import { allKinds } from './measure.js';
import { nodeClient } from './node-client.js';
import { startPostern } from './postern.js';
import { startEchoServer } from './server.js';

/** Seconds of load before the profile begins, and while it is taken. */
const [warmSeconds, profiledSeconds] = [3, 8];

const titles: Readonly<Record<string, string>> = {
  unary: 'unary, 64 in flight',
  down: 'stream to the client',
  up: 'stream to the server',
};

const [into = '.', what = 'unary'] = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const keep = process.argv.includes('--keep');
const title = titles[what] ?? titles.unary ?? '';
const dir = await mkdtemp(path.join(tmpdir(), 'postern-profile-'));
const fleet = await Fleet.make();
try {
  const server = await startEchoServer(dir, process.env.BENCH_SERVER ?? '');
  try {
    await profile(server.address);
  } finally {
    await fleet.stop();
    await server.process.stop();
  }
} catch (thrown) {
  process.stderr.write(`profile: ${errorText(thrown)}\n`);
  process.exitCode = 1;
} finally {
  await rm(dir, { recursive: true, force: true });
}

async function profile(upstream: string): Promise<void> {
  const preload = pathToFileURL(path.join(compiledRoot, 'scripts/bench/preload-profiler.js')).href;
  const postern = await startPostern(fleet, upstream, {
    POSTERN_DIST: compiledRoot,
    NODE_OPTIONS: `--import ${preload}`,
    BENCH_PROFILE: dir,
  });
  const client = (await findH2load(dir, () => {})) ?? nodeClient;
  const kind = allKinds(client).find((one) => one.title === title);
  if (kind === undefined) throw new Error(`nothing is called '${title}'`);
  const way = { name: 'postern', ...postern };
  const first = await kind.run(way, kind.guess);
  const perSecond = (kind.guess / first.seconds) * 1.5;
  await kind.run(way, Math.ceil(perSecond * warmSeconds));
  const roles = ['hub', 'agent'].map((name) => ({
    name,
    pid: postern.groups.find((group) => group.name === name)?.pids[0] ?? -1,
  }));
  const loaded = kind.run(way, Math.ceil(perSecond * (profiledSeconds + 2)));
  for (const { pid } of roles) process.kill(pid, 'SIGUSR2');
  await Promise.race([sleep(profiledSeconds * 1000), loaded]);
  for (const { pid } of roles) process.kill(pid, 'SIGUSR2');
  await loaded;
  for (const { name } of roles) {
    const file = path.join(dir, `${name === 'hub' ? 'up' : name}.cpuprofile`);
    const text = await eventually(`the profile of the ${name}`, async () => readFile(file, 'utf8'));
    const root: CpuProfile = JSON.parse(text);
    await writeFile(path.join(into, `flame-${name}.svg`), drawFlame(fold(root), `${name}: ${title}`));
    if (keep) await writeFile(path.join(into, `${name}.cpuprofile`), text);
  }
}
