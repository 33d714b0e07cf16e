/**
 * Programs of Debian packages without being root: unpacked into `.tools/debian`, where they are not on PATH.
 *
 * As a program: `node dist/scripts/debian-tool.js etcd etcdctl` prints the path of each.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { errorText, PosternError } from '../src/errors.js';
import { checkoutRoot } from '../test/support/processes.js';

const exec = promisify(execFile);

/** Where packages are unpacked. */
export const debianDir = path.join(checkoutRoot, '.tools/debian');

/** The Debian package that holds a program. */
const packages: Readonly<Record<string, string>> = {
  etcd: 'etcd-server',
  etcdctl: 'etcd-client',
  'nats-server': 'nats-server',
};

/** Where a program is, and how it came there. */
export interface DebianTool {
  readonly path: string;
  readonly from: 'PATH' | 'unpacked earlier' | 'unpacked now';
}

/** What `debianTool` may be told. */
export interface DebianToolOptions {
  /** Look on PATH first; false where Debian's own version is wanted. Default true. */
  readonly onPath?: boolean;
  /** Where to unpack; default `.tools/debian` of the checkout. */
  readonly into?: string;
}

/**
 * Finds a program: on PATH, else unpacked earlier, else it is downloaded by apt and unpacked. Throws `PosternError`
 * `NO_TOOL` with what to install where that cannot be done.
 */
export async function debianTool(command: string, options: DebianToolOptions = {}): Promise<DebianTool> {
  const into = options.into ?? debianDir;
  const found = options.onPath === false ? undefined : await findOnPath(command);
  if (found !== undefined) return { path: found, from: 'PATH' };
  const earlier = await findUnpacked(command, into);
  if (earlier !== undefined) return { path: earlier, from: 'unpacked earlier' };
  const name = packages[command] ?? command;
  const brew = command === 'etcdctl' ? 'etcd' : command;
  try {
    await unpack(name, into);
  } catch (thrown) {
    throw new PosternError(
      'NO_TOOL',
      `${command} is not on PATH, and cannot be unpacked: ${reason(thrown)}`,
      {
        hint: `install ${command} (Debian and Ubuntu: apt install ${name}; macOS: brew install ${brew}) and try again`,
        cause: thrown,
      },
    );
  }
  const unpacked = await findUnpacked(command, into);
  if (unpacked === undefined) {
    throw new PosternError('NO_TOOL', `the Debian package ${name} holds no program ${command}`);
  }
  return { path: unpacked, from: 'unpacked now' };
}

async function findOnPath(command: string): Promise<string | undefined> {
  return firstExecutable((process.env.PATH ?? '').split(path.delimiter).filter(Boolean), command);
}

async function findUnpacked(command: string, into: string): Promise<string | undefined> {
  return firstExecutable([path.join(into, 'usr/bin'), path.join(into, 'usr/sbin')], command);
}

async function firstExecutable(dirs: readonly string[], command: string): Promise<string | undefined> {
  for (const dir of dirs) {
    const file = path.join(dir, command);
    const executable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return file;
  }
  return undefined;
}

/** Downloads a package with apt, which checks its signature, and unpacks it. */
async function unpack(name: string, into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  const work = await mkdtemp(path.join(into, '.download-'));
  try {
    await download(name, work);
    const files = (await readdir(work)).filter((file) => file.endsWith('.deb'));
    if (files.length === 0) throw new Error(`apt-get downloaded nothing for ${name}`);
    for (const file of files) {
      await exec('dpkg-deb', ['-x', path.join(work, file), into], { timeout: 60_000 });
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const bounded = ['-qq', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20'];

/** With the system's package lists; where it has none, or old ones, with lists of our own, which need no root. */
async function download(name: string, work: string): Promise<void> {
  const fetch = ['download', name];
  try {
    await exec('apt-get', [...bounded, ...fetch], { cwd: work, timeout: 120_000 });
    return;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') {
      throw new Error('this system has no apt-get', { cause: thrown });
    }
  }
  const state = path.join(work, 'apt');
  for (const dir of ['lists/partial', 'cache/archives/partial', 'state']) {
    await mkdir(path.join(state, dir), { recursive: true });
  }
  const own = [
    ...['-o', `Dir::State=${state}/state`, '-o', `Dir::State::Lists=${state}/lists`],
    ...['-o', `Dir::Cache=${state}/cache`, '-o', 'Dir::State::status=/var/lib/dpkg/status'],
    // Root would hand the download to a user who may not write here.
    ...(process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : []),
  ];
  await exec('apt-get', [...bounded, ...own, 'update'], { cwd: work, timeout: 180_000 });
  await exec('apt-get', [...bounded, ...own, ...fetch], { cwd: work, timeout: 120_000 });
}

/** What apt or dpkg said, on one line. */
function reason(thrown: unknown): string {
  const said =
    thrown instanceof Error && 'stderr' in thrown && typeof thrown.stderr === 'string' ? thrown.stderr : '';
  const error = said.split('\n').find((line) => line.startsWith('E: ')) ?? errorText(thrown);
  return error.replace(/\s+/g, ' ').trim();
}

if (import.meta.filename === process.argv[1]) {
  try {
    for (const command of process.argv.slice(2)) {
      const tool = await debianTool(command);
      process.stdout.write(`${command}: ${tool.path} (${tool.from})\n`);
    }
  } catch (thrown) {
    const hint = thrown instanceof PosternError && thrown.hint !== undefined ? `\n${thrown.hint}` : '';
    process.stderr.write(`${errorText(thrown)}${hint}\n`);
    process.exitCode = 1;
  }
}
