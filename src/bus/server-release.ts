import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorText } from '../errors.js';

const exec = promisify(execFile);

/** Where the project publishes its releases. */
export const releasesUrl = 'https://github.com/nats-io/nats-server/releases/download';

/** A place that cannot be reached shall not hold up the other ways to a server. */
const firstAnswerMs = 5000;
const downloadMs = 120_000;
const largestArchiveBytes = 100 * 2 ** 20;

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const systems: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin' };

/**
 * Downloads a release for this machine into `into`, checks it against the release's own SHA256SUMS, and gives the path
 * of the unpacked program.
 */
export async function downloadRelease(into: string, baseUrl: string, version: string): Promise<string> {
  const system = systems[process.platform];
  const architecture = architectures[process.arch];
  if (system === undefined || architecture === undefined) {
    throw new Error(`no release for ${process.platform} ${process.arch}`);
  }
  const folder = `nats-server-v${version}-${system}-${architecture}`;
  const file = `${folder}.tar.gz`;
  const release = `${baseUrl}/v${version}`;
  const sums = new TextDecoder().decode(await download(`${release}/SHA256SUMS`, firstAnswerMs));
  const expected = sums
    .split('\n')
    .map((line) => line.trim().split(/\s+\*?/))
    .find(([, name]) => name === file)?.[0];
  if (expected === undefined) throw new Error(`its checksum file does not name ${file}`);
  const archive = await download(`${release}/${file}`, downloadMs);
  const actual = createHash('sha256').update(archive).digest('hex');
  if (actual !== expected) throw new Error(`${file} has the checksum ${actual}, not ${expected}`);
  const path = join(into, file);
  await writeFile(path, archive);
  await exec('tar', ['-xzf', path, '-C', into, '--strip-components=1', `${folder}/nats-server`], {
    timeout: 60_000,
  });
  return join(into, 'nats-server');
}

async function download(url: string, timeoutMs: number): Promise<Uint8Array> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    const size = Number(response.headers.get('content-length') ?? 0);
    if (size > largestArchiveBytes) throw new Error(`${size} bytes are too many`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    throw new Error(`cannot download ${url}: ${errorText(cause)}`, { cause: thrown });
  }
}
