import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { replacePrivateFile } from '../private-file.js';
import { installWithGo, pinnedVersion, unpackSystemPackage } from './server-install.js';
import { downloadRelease, releasesUrl } from './server-release.js';

const exec = promisify(execFile);

/** A nats-server that can be run. */
export interface ServerBinary {
  readonly path: string;
  readonly version: string;
  /** How it was found, for a message: `found on PATH`. */
  readonly source: string;
}

/** The oldest server that serves, as major and minor version. */
const oldest = [2, 9] as const;

/**
 * Finds a nats-server: what POSTERN_NATS_SERVER names, on PATH, or in `toolsDir`; else installs one into `toolsDir`: the
 * pinned release, else by the Go toolchain, else from the system's package (without being root). POSTERN_NATS_RELEASES
 * names another place for the releases; `install: false` leaves it at looking. Every step is bounded in time. Beside an
 * installed program stands its SHA-256, in `nats-server.sha256`.
 *
 * Throws `NATS_SERVER_INVALID` when POSTERN_NATS_SERVER names something else, `NO_NATS_SERVER` with all that was tried.
 */
export async function findServerBinary({
  toolsDir,
  log,
  env = process.env,
  install = true,
}: {
  toolsDir: string;
  log: Logger;
  env?: NodeJS.ProcessEnv;
  install?: boolean;
}): Promise<ServerBinary> {
  const named = env.POSTERN_NATS_SERVER;
  if (named !== undefined && named !== '') {
    try {
      return await checked(named, 'named by POSTERN_NATS_SERVER');
    } catch (cause) {
      throw new PosternError('NATS_SERVER_INVALID', `POSTERN_NATS_SERVER: ${errorText(cause)}`, {
        hint: `name a nats-server ${oldest.join('.')} or newer there, or unset it`,
        exitCode: 2,
        cause,
      });
    }
  }
  const tried: string[] = [];
  for (const directory of (env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const found = await usable(join(directory, 'nats-server'), 'found on PATH', tried);
    if (found !== undefined) return found;
  }
  const installed = join(toolsDir, 'nats-server');
  const earlier = await usable(installed, 'installed earlier', tried);
  if (earlier !== undefined) return earlier;

  const base = env.POSTERN_NATS_RELEASES || releasesUrl;
  const ways = [
    { name: 'the release', install: (into: string) => downloadRelease(into, base, pinnedVersion) },
    { name: 'the Go toolchain', install: (into: string) => installWithGo(into, env) },
    { name: "the system's package", install: (into: string) => unpackSystemPackage(into, env) },
  ];
  for (const { name, install: fetch } of install ? ways : []) {
    log.info(`no nats-server yet: trying ${name}`);
    try {
      await installInto(toolsDir, installed, fetch);
      const found = await checked(installed, `installed from ${name}`);
      log.info(`nats-server ${found.version} was ${found.source}`);
      return found;
    } catch (thrown) {
      tried.push(`${name}: ${errorText(thrown)}`);
      log.info(`${name}: ${errorText(thrown)}`);
    }
  }
  throw new PosternError(
    'NO_NATS_SERVER',
    `no nats-server on PATH, and none could be installed (${tried.join('; ')})`,
    {
      hint: 'install nats-server 2.9 or newer, or name one with POSTERN_NATS_SERVER, or use a running one with --nats URL',
    },
  );
}

/** Installs into a directory beside the place, and moves the finished file there: it is whole or not there. */
async function installInto(
  toolsDir: string,
  target: string,
  install: (into: string) => Promise<string>,
): Promise<void> {
  await mkdir(toolsDir, { recursive: true });
  const work = await mkdtemp(join(toolsDir, '.nats-server-'));
  try {
    const made = await install(work);
    await checked(made, '');
    const sum = createHash('sha256').update(await readFile(made));
    await replacePrivateFile(`${target}.sha256`, `${sum.digest('hex')}\n`);
    await rename(made, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Undefined, and a reason in `tried`, when there is something that does not serve. */
async function usable(path: string, source: string, tried: string[]): Promise<ServerBinary | undefined> {
  const there = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!there) return undefined;
  try {
    return await checked(path, source);
  } catch (thrown) {
    tried.push(errorText(thrown));
    return undefined;
  }
}

/** Runs it once. Throws when it is no nats-server or too old. */
async function checked(path: string, source: string): Promise<ServerBinary> {
  const { stdout } = await exec(path, ['--version'], { timeout: 10_000 }).catch((cause: unknown) => {
    throw new Error(`${path} cannot be run: ${errorText(cause)}`, { cause });
  });
  const [, version, major, minor] = /^nats-server: v?((\d+)\.(\d+)\.\S+)/.exec(stdout) ?? [];
  if (version === undefined) throw new Error(`${path} is no nats-server`);
  const [oldestMajor, oldestMinor] = oldest;
  if (Number(major) < oldestMajor || (Number(major) === oldestMajor && Number(minor) < oldestMinor)) {
    throw new Error(`${path} is nats-server ${version}, older than ${oldest.join('.')}`);
  }
  return { path, version, source };
}
