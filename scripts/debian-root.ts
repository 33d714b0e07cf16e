/** The file system of a small Debian or Ubuntu of its own, as a directory: this machine's apt fetches it, and nothing is installed. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { debianDir } from './debian-tool.js';
import { kept } from './kept.js';

const exec = promisify(execFile);

/** What every machine has. */
const always = ['?essential', 'systemd', 'systemd-sysv', 'ca-certificates', 'libstdc++6', 'kmod'];
/** apt, and unpacking all. */
const fetchMs = 300_000;
const unpackMs = 300_000;

/**
 * A directory with what these packages need to run, and they themselves, unpacked: no script of theirs has run. It is made once, in
 * `.tools`, and must not be changed. Throws what apt says where they cannot be fetched.
 */
export async function debianRoot(packages: readonly string[]): Promise<string> {
  const wanted = [...new Set([...always, ...packages])];
  const sources = await exec('apt-config', ['dump', 'APT::Architecture']).catch(() => ({ stdout: '' }));
  const key = createHash('sha256')
    .update(JSON.stringify([wanted, sources.stdout, await readFile('/etc/os-release', 'utf8')]))
    .digest('hex');
  return kept(path.join(debianDir, 'roots'), key.slice(0, 16), 'root', async (into) => {
    const debs = path.join(into, 'debs');
    await fetch(wanted, debs);
    const root = path.join(into, 'root');
    await unpack(debs, root);
    await rm(debs, { recursive: true });
    await settle(root);
  });
}

/** Downloads packages with all that they need on a machine that has nothing; apt's state is beside them. */
async function fetch(packages: readonly string[], into: string): Promise<void> {
  const state = path.join(into, 'apt');
  for (const name of ['lists/partial', 'cache/archives/partial']) {
    await mkdir(path.join(state, name), { recursive: true });
  }
  await writeFile(path.join(state, 'status'), '');
  const settings = [
    'Acquire::Retries=1',
    'Acquire::http::Timeout=20',
    `Dir::State=${state}`,
    `Dir::State::Lists=${state}/lists`,
    `Dir::State::status=${state}/status`,
    `Dir::Cache=${state}/cache`,
    // root would hand the download to a user who may not write here
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
  ].flatMap((setting) => ['-o', setting]);
  const apt = async (...words: string[]): Promise<string> =>
    (
      await exec('apt-get', ['-qq', ...settings, ...words], {
        cwd: into,
        timeout: fetchMs,
        maxBuffer: 16 * 2 ** 20,
      })
    ).stdout;
  await apt('update');
  const planned = await apt('install', '--simulate', '--no-install-recommends', ...packages);
  const names = [...planned.matchAll(/^Inst (\S+)/gm)].flatMap(([, one]) => one ?? []);
  await apt('download', ...names);
  await rm(state, { recursive: true });
}

async function unpack(debs: string, root: string): Promise<void> {
  // As debootstrap does: /bin and others are links before anything is put into them.
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(path.join(root, 'usr', name), { recursive: true });
    await symlink(`usr/${name}`, path.join(root, name));
  }
  const tar = 'dpkg-deb --fsys-tarfile "$deb" | tar -x -p --keep-directory-symlink -C "$1"';
  const leftOut = ['doc', 'man', 'locale', 'info'].map((name) => `--exclude=./usr/share/${name}/*`);
  const script = `set -eo pipefail; for deb in "$0"/*.deb; do ${tar} ${leftOut.map((one) => `'${one}'`).join(' ')}; done`;
  await exec('bash', ['-c', script, debs, root], { timeout: unpackMs });
}

/** What the packages' own scripts would do, as far as a machine needs it to start. */
async function settle(root: string): Promise<void> {
  const of = (...names: string[]): string => path.join(root, ...names);
  for (const name of ['passwd', 'group']) {
    await cp(of('usr/share/base-passwd', `${name}.master`), of('etc', name));
  }
  await writeFile(of('etc/hostname'), 'machine\n');
  await writeFile(of('etc/hosts'), '127.0.0.1 localhost machine\n::1 localhost\n');
  await writeFile(of('etc/nsswitch.conf'), 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n');
  await writeFile(of('etc/fstab'), '');
  const programs = await readdir(of('usr/bin'));
  for (const [name, to] of [
    ['sh', 'dash'],
    ['awk', 'mawk'],
  ] as const) {
    if (!programs.includes(name)) await symlink(to, of('usr/bin', name));
  }
  for (const name of ['tmp', 'var/tmp']) {
    await mkdir(of(name), { recursive: true });
    await chmod(of(name), 0o1777);
  }
}
