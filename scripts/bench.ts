/**
 * The benchmark: calls straight to a server, through nginx and through Postern, in turns; a table on stdout, progress
 * on stderr. Ends with 1 when a path cannot be made or a call fails, with 130 on Ctrl-C; what it started is stopped.
 *
 * Arguments: `--json` prints JSON instead of the table. Environment: `BENCH_JSON=FILE` writes the same JSON to a file,
 * `BENCH_ROUNDS` (5), `BENCH_SECONDS` (1) of a block, `BENCH_SERVER=go|node`, `BENCH_CLIENT=node`, `BENCH_ONLY=TEXT`
 * takes what has the text in its title, `BENCH_AGAINST=DIRECTORY` measures another build too,
 * `BENCH_AGAINST_NODE_OPTIONS` with these.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { errorText, PosternError } from '../src/errors.js';
import { findH2load } from './bench/h2load.js';
import type { UnaryClient } from './bench/load.js';
import { allKinds, type Length, measure } from './bench/measure.js';
import { nodeClient } from './bench/node-client.js';
import { Starter } from './bench/paths.js';
import { renderTable, summarize } from './bench/report.js';

const { env } = process;

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}

function positive(name: string, fallback: number): number {
  const value = Number(env[name] ?? fallback);
  if (value > 0) return value;
  throw new PosternError('SETTING_INVALID', `${name} is '${env[name]}', not a number above 0`);
}

async function findClient(dir: string): Promise<UnaryClient> {
  if (env.BENCH_CLIENT === 'node') return nodeClient;
  const found = await findH2load(dir, (reason) => say(`no h2load, this process calls itself: ${reason}`));
  return found ?? nodeClient;
}

async function bench(starter: Starter, dir: string): Promise<void> {
  const length: Length = {
    rounds: Math.ceil(positive('BENCH_ROUNDS', 5)),
    blockSeconds: positive('BENCH_SECONDS', 1),
  };
  const client = await findClient(dir);
  const kinds = allKinds(client).filter(({ title }) => title.includes(env.BENCH_ONLY ?? ''));
  const ways = await starter.start({
    server: env.BENCH_SERVER ?? '',
    against: env.BENCH_AGAINST ?? '',
    againstNodeOptions: env.BENCH_AGAINST_NODE_OPTIONS ?? '',
  });
  say(`the ways are up: ${ways.paths.map(({ name }) => name).join(', ')}`);
  const samples = await measure(kinds, ways.paths, length, say);
  const setting = {
    server: ways.server,
    client: client.name,
    node: process.versions.node,
    cpus: cpus().length,
    ...length,
  };
  const rows = summarize(samples);
  const json = `${JSON.stringify({ setting, rows, samples }, undefined, 2)}\n`;
  if (env.BENCH_JSON !== undefined) await writeFile(env.BENCH_JSON, json);
  const told = Object.entries(setting).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(
    process.argv.includes('--json') ? json : `${told.join('; ')}\n\n${renderTable(rows)}\n`,
  );
}

const starter = new Starter();
const dir = await mkdtemp(path.join(tmpdir(), 'postern-bench-'));
let code = 0;
try {
  const interrupted = new Promise<never>((_resolve, reject) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        code = 130;
        reject(new Error(`interrupted by ${name}`));
      });
    }
  });
  await Promise.race([bench(starter, dir), interrupted]);
} catch (thrown) {
  if (code === 0) code = 1;
  const hint = thrown instanceof PosternError && thrown.hint !== undefined ? ` (${thrown.hint})` : '';
  say(`FAILED: ${errorText(thrown)}${hint}`);
} finally {
  await starter.stop();
  await rm(dir, { recursive: true, force: true });
}
// A block that was left must not hold the process.
process.exit(code);
