/** `systemd-analyze` for the tests that look at units. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { debianDir, debianFiles, findOnPath } from './debian-tool.js';

const exec = promisify(execFile);

/** A program, and the environment in which it finds its libraries, and others `systemctl` and `systemd-sysusers`. */
export interface SystemdTool {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * `systemd-analyze` from PATH; else Debian's is unpacked with the libraries that the system lacks, where no systemd needs to run.
 * Throws what apt says where it cannot be downloaded, or what the program says that cannot run.
 */
export async function systemdAnalyze({ onPath = true, into = debianDir } = {}): Promise<SystemdTool> {
  const found = onPath ? await findOnPath('systemd-analyze') : undefined;
  if (found !== undefined) return { path: found, env: process.env };
  const dir = await debianFiles('systemd', into, { dependencies: true });
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const folders = [
    `usr/lib/${machine}-linux-gnu/systemd`,
    `usr/lib/${machine}-linux-gnu`,
    `lib/${machine}-linux-gnu`,
  ];
  const among = (names: readonly string[]): string =>
    names.map((name) => path.join(dir, name)).join(path.delimiter);
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: among(folders),
    PATH: `${among(['usr/bin', 'bin'])}${path.delimiter}${process.env.PATH}`,
  };
  const tool = { path: path.join(dir, 'usr/bin/systemd-analyze'), env };
  await exec(tool.path, ['--version'], { env: tool.env, timeout: 10_000 });
  return tool;
}
