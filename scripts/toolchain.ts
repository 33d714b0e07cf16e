/** Which toolchains of other languages are here. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { errorText, PosternError } from '../src/errors.js';

const askMs = 30_000;

/** A command, and the version that it says it is. */
export interface Toolchain {
  readonly command: string;
  readonly version: string;
}

/** What to look for, and what to say where it is not there. */
export interface Wanted {
  /** For people, e.g. `Rust`. */
  readonly name: string;
  readonly command: string;
  /** Arguments that make it print its version. */
  readonly ask: readonly string[];
  /** Finds the version in what it prints. */
  readonly version: RegExp;
  /** The oldest that will do, as major and minor version. */
  readonly oldest: readonly [number, number];
  /** What to install. */
  readonly hint: string;
}

/** Where to look. */
export interface ToolSearch {
  /** Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Directories to look in after PATH. */
  readonly standard?: readonly string[];
}

/** Finds a toolchain that is new enough. Throws `NO_TOOLCHAIN` with what to install. */
export async function findToolchain(wanted: Wanted, search: ToolSearch = {}): Promise<Toolchain> {
  const { env = process.env, standard = [] } = search;
  const old: string[] = [];
  for (const directory of [...(env.PATH ?? '').split(path.delimiter).filter(Boolean), ...standard]) {
    const command = path.join(directory, wanted.command);
    const version = await versionOf(command, wanted);
    if (version === undefined) continue;
    if (newEnough(version, wanted.oldest)) return { command, version };
    old.push(`${command} is ${wanted.name} ${version}`);
  }
  const places = ['on PATH', ...standard.map((directory) => `in ${directory}`)].join(' or ');
  const why = old.length > 0 ? old.join(', ') : `there is no ${wanted.command} ${places}`;
  throw new PosternError('NO_TOOLCHAIN', `no usable ${wanted.name}: ${why}`, { hint: wanted.hint });
}

/** Why what needs a toolchain cannot run here; false where it can, and in CI, where it then fails with the reason. */
export async function without(
  find: () => Promise<unknown>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | false> {
  if (!['', '0', 'false'].includes(env.CI ?? '')) return false;
  try {
    await find();
    return false;
  } catch (thrown) {
    const hint = thrown instanceof PosternError && thrown.hint !== undefined ? `; ${thrown.hint}` : '';
    return `${errorText(thrown)}${hint}`;
  }
}

async function versionOf(command: string, wanted: Wanted): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, [...wanted.ask], { timeout: askMs });
    return wanted.version.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function newEnough(version: string, oldest: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}
