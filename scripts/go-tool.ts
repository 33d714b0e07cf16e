/**
 * Programs that Go builds, kept in `.tools/go`: of published modules, and of this checkout.
 *
 * As a program: `node dist/scripts/go-tool.js module/path/command@version` prints the path of each.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { errorText, PosternError } from '../src/errors.js';
import { checkoutRoot } from '../test/support/processes.js';
import { type GoSearch, goToolchain } from './go-toolchain.js';
import { kept } from './kept.js';

/** A build from source, with all that it downloads, in milliseconds. */
const buildMs = 600_000;

/** What `goInstalled` and `goBuilt` may be told. */
export interface GoToolOptions extends GoSearch {
  /** Where programs are kept; default `.tools/go` of the checkout. */
  readonly into?: string;
}

/**
 * The program of a published module, `module/path/command@version`, by `go install`; gives its path. Go's own settings
 * (proxy, checksums, cache) hold. Throws `NO_GO` where there is no Go, `GO_BUILD_FAILED` with what Go says.
 */
export async function goInstalled(spec: string, options: GoToolOptions = {}): Promise<string> {
  const name = /([^/]+)@v[^/@]+$/.exec(spec)?.[1];
  if (name === undefined) throw new Error(`${spec} is not module/path/command@version`);
  return keptGo(spec.replaceAll('/', '_'), name, options, (go, into, env) =>
    go(['install', spec], into, { ...env, GOBIN: into }),
  );
}

/** What `goBuilt` may be told. */
export interface GoBuildOptions extends GoToolOptions {
  /** The package to build; default: that of the module's own directory. */
  readonly what?: string;
  /** Other directories of the checkout that it is built from. */
  readonly from?: readonly string[];
}

/**
 * A program of this checkout: a package of the module in `directory`, relative to the checkout's root. It is built again
 * when a file has changed that it is built from. Gives its path; throws as `goInstalled` does.
 */
export async function goBuilt(
  directory: string,
  name: string,
  options: GoBuildOptions = {},
): Promise<string> {
  const source = path.resolve(checkoutRoot, directory);
  const what = options.what ?? '.';
  const from = [source, ...(options.from ?? []).map((other) => path.resolve(checkoutRoot, other))];
  const key = `${name}-${await hashOf(from, what)}`;
  return keptGo(key, name, options, (go, into, env) =>
    go(['build', '-o', path.join(into, name), what], source, env),
  );
}

type Go = (args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) => Promise<void>;

/** What was made earlier, else makes it with Go. */
function keptGo(
  key: string,
  name: string,
  options: GoToolOptions,
  make: (go: Go, into: string, env: NodeJS.ProcessEnv) => Promise<void>,
): Promise<string> {
  const home = options.into ?? path.join(checkoutRoot, '.tools/go');
  const env = options.env ?? process.env;
  return kept(home, key, name, async (into) => {
    const { command } = await goToolchain(options);
    await make((args, cwd, more) => runGo(command, args, cwd, more), into, { ...env, CGO_ENABLED: '0' });
  });
}

async function runGo(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  try {
    await promisify(execFile)(command, [...args], { cwd, env, timeout: buildMs, maxBuffer: 16 << 20 });
  } catch (cause) {
    throw new PosternError('GO_BUILD_FAILED', `go ${args.join(' ')}: ${lastLines(cause)}`, { cause });
  }
}

/** What Go said last: before that come the names of what it downloads. */
function lastLines(thrown: unknown): string {
  const said = thrown instanceof Error && 'stderr' in thrown ? String(thrown.stderr) : '';
  const lines = said.split('\n').filter((line) => line !== '' && !line.startsWith('go: downloading'));
  return lines.slice(-10).join('\n') || errorText(thrown);
}

/** A hash of the names and contents of all files below, but hidden ones. */
async function hashOf(directories: readonly string[], what: string): Promise<string> {
  const hash = createHash('sha256').update(`${what}\0`);
  for (const directory of directories) {
    for (const name of (await readdir(directory, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
      .filter((file) => !file.split(path.sep).some((part) => part.startsWith('.')))
      .sort()) {
      const content = await readFile(path.join(directory, name));
      hash.update(`${name}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex').slice(0, 16);
}

if (import.meta.filename === process.argv[1]) {
  try {
    for (const spec of process.argv.slice(2)) process.stdout.write(`${await goInstalled(spec)}\n`);
  } catch (thrown) {
    const hint = thrown instanceof PosternError && thrown.hint !== undefined ? `\n${thrown.hint}` : '';
    process.stderr.write(`${errorText(thrown)}${hint}\n`);
    process.exitCode = 1;
  }
}
