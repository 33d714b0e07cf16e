import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorText } from '../errors.js';

const exec = promisify(execFile);

/** The version that is installed where none is found. */
export const pinnedVersion = '2.15.2';

/** A build from source, with all that it downloads. */
const buildMs = 600_000;
const aptMs = 180_000;

/** Builds the pinned version with the Go toolchain; gives the path of the program. */
export async function installWithGo(into: string, env: NodeJS.ProcessEnv): Promise<string> {
  const bin = join(into, 'bin');
  await run('go', ['install', `github.com/nats-io/nats-server/v2@v${pinnedVersion}`], into, buildMs, {
    ...env,
    GOBIN: bin,
    CGO_ENABLED: '0',
  });
  return join(bin, 'nats-server');
}

/** Unpacks the package of Debian or Ubuntu; gives the path of the program. */
export async function unpackSystemPackage(into: string, env: NodeJS.ProcessEnv): Promise<string> {
  await unpackPackage('nats-server', into, env);
  return join(into, 'usr/sbin/nats-server');
}

/** What `unpackPackage` takes beside a package. */
export interface UnpackOptions {
  /** Also what the package depends on and the system does not have. Default false. */
  readonly dependencies?: boolean;
}

/**
 * Downloads a package of Debian or Ubuntu, whose signature apt checks, and unpacks it into an empty directory without
 * installing it: no root is needed. Where the system has no package lists, lists of our own are fetched.
 */
export async function unpackPackage(
  name: string,
  into: string,
  env: NodeJS.ProcessEnv,
  options: UnpackOptions = {},
): Promise<void> {
  const bounded = ['-qq', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20'];
  const apt = (args: string[]): Promise<string> => run('apt-get', [...bounded, ...args], into, aptMs, env);
  const download = async (settings: string[]): Promise<void> => {
    const wanted =
      options.dependencies === true ? await lacking(name, (args) => apt([...settings, ...args])) : [];
    await apt([...settings, 'download', ...(wanted.length === 0 ? [name] : wanted)]);
  };
  try {
    await download([]);
  } catch (thrown) {
    if (errorText(thrown).includes('ENOENT')) throw thrown;
    const own = await ownAptDirectories(into);
    await apt([...own, 'update']);
    await download(own);
  }
  const debs = (await readdir(into)).filter((file) => file.endsWith('.deb'));
  if (debs.length === 0) throw new Error('apt-get downloaded nothing');
  for (const deb of debs) await run('dpkg-deb', ['-x', join(into, deb), into], into, aptMs, env);
}

/** The packages that installing this one would install, itself among them; none where all are installed. */
async function lacking(name: string, apt: (args: string[]) => Promise<string>): Promise<string[]> {
  const planned = await apt(['install', '--simulate', '--no-install-recommends', name]);
  return [...planned.matchAll(/^Inst (\S+)/gm)].flatMap(([, one]) => one ?? []);
}

/** The options that make apt work on directories of ours. */
async function ownAptDirectories(into: string): Promise<string[]> {
  const state = join(into, 'apt');
  for (const name of ['lists/partial', 'cache/archives/partial']) {
    await mkdir(join(state, name), { recursive: true });
  }
  const settings = [
    `Dir::State=${state}`,
    `Dir::State::Lists=${state}/lists`,
    `Dir::Cache=${state}/cache`,
    'Dir::State::status=/var/lib/dpkg/status',
    // root would hand the download to a user who may not write here
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
  ];
  return settings.flatMap((setting) => ['-o', setting]);
}

/** Runs a program to its end, bounded in time, and gives what it printed; throws with the line that tells why it failed. */
async function run(
  program: string,
  args: string[],
  cwd: string,
  timeout: number,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  try {
    return (await exec(program, args, { cwd, timeout, env, maxBuffer: 16 * 2 ** 20 })).stdout;
  } catch (thrown) {
    const said =
      thrown instanceof Error && 'stderr' in thrown && typeof thrown.stderr === 'string' ? thrown.stderr : '';
    const lines = said.trim().split('\n');
    const line = lines.find((each) => each.startsWith('E: ')) ?? lines.at(-1) ?? '';
    throw new Error(line === '' ? errorText(thrown) : `${program}: ${line.slice(0, 300)}`, { cause: thrown });
  }
}
