/** The programs that make a lab, for tests and demos on machines that do not have them all. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { debianDir, debianFiles, debianTool } from './debian-tool.js';

const exec = promisify(execFile);

/** The packages with the libraries that each may need beyond a small Debian or Ubuntu, the surest first. */
const libraries = {
  ip: ['libbpf1', 'libelf1', 'libmnl0', 'libbsd0', 'libmd0', 'libcap2'],
  nft: [
    'libnftables1',
    'libnftnl11',
    'libjansson4',
    'libxtables12',
    'libmnl0',
    'libedit2',
    'libbsd0',
    'libmd0',
    'libgmp10',
  ],
} as const;

/** Administrators have these where few users look. */
const forAdmins = ['/usr/sbin', '/sbin'];

/**
 * A PATH with the programs that make a lab: that of this process, and where `ip` or `nft` are missing, those of Debian
 * unpacked. Throws `NO_TOOL`, or what such a program says when it cannot run.
 */
export async function labPath(): Promise<string> {
  const own = [process.env.PATH ?? '', ...forAdmins].join(path.delimiter);
  const wrapped = path.join(debianDir, 'for-labs');
  await Promise.all((['ip', 'nft'] as const).map((name) => have(name, own, wrapped)));
  return [own, wrapped].join(path.delimiter);
}

/** Makes sure that a program is there, as a script in `into` if it has to be unpacked, for it must find its libraries. */
async function have(name: 'ip' | 'nft', own: string, into: string): Promise<void> {
  const script = path.join(into, name);
  if ((await runs(name, own)) || (await runs(script, own))) return;
  const tool = await debianTool(name, { onPath: false });
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const folders: string[] = [];
  for (const library of libraries[name]) {
    if (await runs(tool.path, own, folders)) break;
    // What this system calls otherwise it may well have already.
    const files = await debianFiles(library).catch(() => undefined);
    if (files === undefined) continue;
    folders.push(`${files}/usr/lib/${machine}-linux-gnu`, `${files}/lib/${machine}-linux-gnu`);
  }
  await mkdir(into, { recursive: true });
  const draft = `${script}.${process.pid}`;
  await writeFile(draft, `#!/bin/sh\nLD_LIBRARY_PATH='${folders.join(':')}' exec '${tool.path}' "$@"\n`);
  await chmod(draft, 0o755);
  await rename(draft, script);
  await exec(script, ['-V'], { timeout: 10_000 });
}

function runs(program: string, PATH: string, folders: readonly string[] = []): Promise<boolean> {
  const env = { ...process.env, PATH, LD_LIBRARY_PATH: folders.join(':') };
  return exec(program, ['-V'], { env, timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}
