import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readHubFile } from '../client/hub-file.js';
import { PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Cleanup } from './cleanup.js';

/** A hub that starts at the same time, as with the machine, has so long to be ready, milliseconds. */
const hubMs = 60_000;
const lookMs = 200;

/**
 * The NATS servers that were named, else the one of the hub of the data directory, which is waited for where it does not run yet.
 * Throws `NO_HUB` after a minute, and at once where there is no such directory; `STOPPED` when the cleanup runs meanwhile.
 */
export async function natsOf(
  named: readonly string[],
  data: string,
  { log, cleanup }: { readonly log: Logger; readonly cleanup: Cleanup },
): Promise<readonly string[]> {
  if (named.length > 0) return named;
  // Where a hub is to come its directory was made before; elsewhere somebody has mistaken the name.
  if (!(await isDirectory(data))) throw noHub(data);
  const stopped = new AbortController();
  cleanup.add('waiting for the hub', () => stopped.abort());
  const deadline = performance.now() + hubMs;
  for (let told = false; ; told = true) {
    const running = await readHubFile(data);
    if (running !== undefined) return [running.nats];
    if (performance.now() > deadline) throw noHub(data);
    if (!told) log.warn({ data }, `no hub runs with this data directory yet; it has ${hubMs / 1_000} s`);
    await sleep(lookMs, undefined, { signal: stopped.signal }).catch(() => {
      throw new PosternError('STOPPED', 'it was told to stop while it waited for a hub');
    });
  }
}

async function isDirectory(name: string): Promise<boolean> {
  return (await stat(name).catch(() => undefined))?.isDirectory() ?? false;
}

function noHub(data: string): PosternError {
  return new PosternError('NO_HUB', `no hub runs with the data directory ${data}`, {
    hint: 'start one there, or name its NATS server with --nats',
  });
}
