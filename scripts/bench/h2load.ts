import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { errorText, PosternError } from '../../src/errors.js';
import { debianFiles, debianTool } from '../debian-tool.js';
import { cpuMicros } from './cpu.js';
import type { Block, Target, UnaryClient, UnaryShape } from './load.js';
import { message, messageHeaderBytes, methods, unaryBytes } from './service.js';

const exec = promisify(execFile);

/** A block that takes longer is given up. */
const blockMs = 120_000;
/** Packages of Debian 12 with what h2load needs beyond a small system. */
const libraries = ['libnghttp2-14', 'libev4', 'libjemalloc2'];

/** nghttp2's load generator; undefined where it is not there and does not come, with the reason told to `missing`. */
export async function findH2load(
  dir: string,
  missing: (reason: string) => void,
): Promise<UnaryClient | undefined> {
  try {
    const { path: program, from } = await debianTool('h2load');
    const env = from === 'PATH' ? process.env : await withLibraries();
    const { stdout } = await exec(program, ['--version'], { timeout: blockMs, env });
    const body = path.join(dir, 'request');
    await writeFile(body, message(Buffer.alloc(unaryBytes)));
    return new H2load(program, env, stdout.trim().replace(' nghttp2/', ' '), body);
  } catch (thrown) {
    missing(errorText(thrown).split('\n')[0] ?? '');
    return undefined;
  }
}

/** The environment in which an unpacked h2load finds its unpacked libraries. */
async function withLibraries(): Promise<NodeJS.ProcessEnv> {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const folders: string[] = [];
  for (const name of libraries) {
    folders.push(path.join(await debianFiles(name), `usr/lib/${machine}-linux-gnu`));
  }
  return { ...process.env, LD_LIBRARY_PATH: folders.join(path.delimiter) };
}

class H2load implements UnaryClient {
  readonly name: string;
  readonly #program: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #body: string;

  constructor(program: string, env: NodeJS.ProcessEnv, name: string, body: string) {
    this.#program = program;
    this.#env = env;
    this.name = name;
    this.#body = body;
  }

  async run(target: Target, shape: UnaryShape, calls: number): Promise<Block> {
    const log = `${this.#body}.log`;
    const metadata = { 'content-type': 'application/grpc', te: 'trailers', ...target.metadata };
    const args = [
      ...['-n', String(calls), '-c', String(shape.connections), '-m', String(shape.inFlight)],
      ...['-d', this.#body],
      ...Object.entries(metadata).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      ...(shape.latencies ? [`--log-file=${log}`] : []),
      `http://${target.address}${methods.echo}`,
    ];
    const before = cpuMicros(process.pid, true);
    const { stdout } = await exec(this.#program, args, { timeout: blockMs, env: this.#env });
    const after = cpuMicros(process.pid, true);
    const seconds = secondsOf(stdout);
    // It knows nothing of gRPC; but an answer of an error has no data.
    const data = Number(/\((\d+)\) data/.exec(stdout)?.[1]);
    const due = calls * (messageHeaderBytes + unaryBytes);
    if (!stdout.includes(` ${calls} succeeded,`) || data !== due || !(seconds > 0)) {
      throw new PosternError('CALLS_FAILED', `calls to ${target.address} failed: ${summary(stdout)}`);
    }
    const latencies = shape.latencies ? await readLatencies(log) : [];
    const clientMicros = before === undefined || after === undefined ? undefined : after - before;
    return { amount: calls, seconds, clientMicros, latencies };
  }
}

function secondsOf(output: string): number {
  const [, amount, unit] = /finished in ([\d.]+)(us|ms|s)/.exec(output) ?? [];
  return Number(amount) * (unit === 's' ? 1 : unit === 'ms' ? 1e-3 : 1e-6);
}

function summary(output: string): string {
  return output
    .split('\n')
    .filter((line) => /^(requests|status codes|traffic):/.test(line))
    .join('; ');
}

/** The third column of its log. */
async function readLatencies(file: string): Promise<number[]> {
  const text = await readFile(file, 'latin1');
  await rm(file);
  const lines = text.trim().split('\n');
  return lines.map((line) => Number(line.split('\t')[2])).sort((a, b) => a - b);
}
