import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { errorText, PosternError } from '../src/errors.js';
import { without } from './toolchain.js';

const exec = promisify(execFile);

/** The oldest Go that builds what tests need, as major and minor version. */
const oldest = [1, 26] as const;

/** What an older Go fetches, as a module whose checksum it verifies. */
const newerVersion = '1.26.8';

const askMs = 30_000;
const fetchMs = 300_000;

/** A Go that is new enough. */
export interface GoToolchain {
  /** Path of the command `go`. */
  readonly command: string;
  /** E.g. `1.26.8`. */
  readonly version: string;
}

/** Where to look for Go. */
export interface GoSearch {
  /** Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** A directory to look in after PATH; default /usr/local/go/bin, where go.dev says to install it. */
  readonly standard?: string;
}

/**
 * Finds the Go toolchain: on PATH, else in /usr/local/go. One that is too old (Debian's may be) fetches a newer one
 * through its own module proxy and checksum database. Throws `NO_GO` with what to install where that cannot be done.
 */
export async function goToolchain(search: GoSearch = {}): Promise<GoToolchain> {
  const { env = process.env, standard = '/usr/local/go/bin' } = search;
  const directories = [...(env.PATH ?? '').split(path.delimiter).filter(Boolean), standard];
  let old: GoToolchain | undefined;
  for (const directory of directories) {
    const command = path.join(directory, 'go');
    const version = await versionOf(command);
    if (version === undefined) continue;
    if (newEnough(version)) return { command, version };
    old ??= { command, version };
  }
  if (old === undefined) throw noGo(`there is no go on PATH or in ${standard}`);
  try {
    return await fetchNewer(old.command, env);
  } catch (cause) {
    const why = `${old.command} is Go ${old.version}, older than ${oldest.join('.')}, and fetches no newer one`;
    throw noGo(`${why}: ${errorText(cause)}`, cause);
  }
}

/** Why tests that need Go cannot run here; false where they can, and in CI, where they then fail with the reason. */
export function withoutGo(search: GoSearch = {}): Promise<string | false> {
  return without(() => goToolchain(search), search.env);
}

function noGo(why: string, cause?: unknown): PosternError {
  return new PosternError('NO_GO', `no usable Go toolchain: ${why}`, {
    hint: `install Go ${oldest.join('.')} or newer (https://go.dev/dl) and try again`,
    cause,
  });
}

/** Undefined where there is no Go; asked outside of any module, which might ask for another version. */
async function versionOf(command: string): Promise<string | undefined> {
  try {
    const { stdout } = await exec(command, ['version'], { timeout: askMs, cwd: tmpdir() });
    return /^go version go(\d+\.\d+\S*)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function newEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/** Has an old Go download a newer toolchain into its module cache, where newer Gos keep theirs. */
async function fetchNewer(go: string, env: NodeJS.ProcessEnv): Promise<GoToolchain> {
  const cwd = await mkdtemp(path.join(tmpdir(), 'postern-go-'));
  const options = { cwd, env, timeout: fetchMs, maxBuffer: 1 << 20 };
  try {
    const { stdout: platform } = await exec(go, ['env', 'GOOS', 'GOARCH'], options);
    const module = `golang.org/toolchain@v0.0.1-go${newerVersion}.${platform.trim().split('\n').join('-')}`;
    const { stdout } = await exec(go, ['mod', 'download', '-json', module], options);
    const root = /"Dir": "(.*)"/.exec(stdout)?.[1];
    if (root === undefined) throw new Error(`go mod download ${module} named no directory`);
    await makeExecutable(path.join(root, 'bin'));
    await makeExecutable(path.join(root, 'pkg/tool'));
    const command = path.join(root, 'bin/go');
    const version = await versionOf(command);
    if (version !== newerVersion) throw new Error(`${command} is not Go ${newerVersion}`);
    return { command, version };
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

/** Modules hold no file modes. */
async function makeExecutable(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await chmod(path.join(entry.parentPath, entry.name), 0o555);
  }
}
