/**
 * Programs of Debian packages without being root: unpacked into `.tools/debian`, where they are not on PATH.
 *
 * As a program: `node dist/scripts/debian-tool.js etcd etcdctl` prints the path of each.
 */
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { type UnpackOptions, unpackPackage } from '../src/bus/server-install.js';
import { errorText, PosternError } from '../src/errors.js';
import { checkoutRoot } from '../test/support/processes.js';

/** Where packages are unpacked. */
export const debianDir = path.join(checkoutRoot, '.tools/debian');

/** The Debian package that holds a program. */
const packages: Readonly<Record<string, string>> = {
  etcd: 'etcd-server',
  etcdctl: 'etcd-client',
  h2load: 'nghttp2-client',
  ip: 'iproute2',
  'nats-server': 'nats-server',
  nft: 'nftables',
  nginx: 'nginx',
  promtool: 'prometheus',
  tinyproxy: 'tinyproxy-bin',
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
    // Another process may have been faster.
    const meanwhile = await findUnpacked(command, into);
    if (meanwhile !== undefined) return { path: meanwhile, from: 'unpacked earlier' };
    const said = errorText(thrown);
    const why = said.includes('apt-get ENOENT') ? 'this system has no apt-get' : said;
    throw new PosternError('NO_TOOL', `${command} is not on PATH, and cannot be unpacked: ${why}`, {
      hint: `install ${command} (Debian and Ubuntu: apt install ${name}; macOS: brew install ${brew}) and try again`,
      cause: thrown,
    });
  }
  const unpacked = await findUnpacked(command, into);
  if (unpacked === undefined) {
    throw new PosternError('NO_TOOL', `the Debian package ${name} holds no program ${command}`);
  }
  return { path: unpacked, from: 'unpacked now' };
}

/**
 * Where the files of a package are, unpacked: for the libraries of a program that was. Throws what apt says where it
 * cannot be downloaded.
 */
export async function debianFiles(
  name: string,
  into: string = debianDir,
  options: UnpackOptions = {},
): Promise<string> {
  const dir = path.join(into, name);
  if (await isThere(dir)) return dir;
  try {
    await unpack(name, into, options);
  } catch (thrown) {
    // Another process may have been faster.
    if (!(await isThere(dir))) throw thrown;
  }
  return dir;
}

function isThere(file: string, mode: number = constants.F_OK): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}

/** A program that PATH leads to; undefined where it leads to none. */
export async function findOnPath(command: string): Promise<string | undefined> {
  return firstExecutable((process.env.PATH ?? '').split(path.delimiter).filter(Boolean), command);
}

async function findUnpacked(command: string, into: string): Promise<string | undefined> {
  const dir = path.join(into, packages[command] ?? command);
  return firstExecutable([path.join(dir, 'usr/bin'), path.join(dir, 'usr/sbin')], command);
}

async function firstExecutable(dirs: readonly string[], command: string): Promise<string | undefined> {
  for (const dir of dirs) {
    const file = path.join(dir, command);
    if (await isThere(file, constants.X_OK)) return file;
  }
  return undefined;
}

/** Unpacks a package into a directory of its own, which is whole or not there. */
async function unpack(name: string, into: string, options: UnpackOptions = {}): Promise<void> {
  await mkdir(into, { recursive: true });
  const work = await mkdtemp(path.join(into, '.unpacking-'));
  try {
    await unpackPackage(name, work, process.env, options);
    for (const file of await readdir(work)) {
      if (file === 'apt' || file.endsWith('.deb')) await rm(path.join(work, file), { recursive: true });
    }
    await rename(work, path.join(into, name));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
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
