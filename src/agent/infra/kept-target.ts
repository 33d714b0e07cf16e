import { join } from 'node:path';
import { z } from 'zod';
import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import { readPrivateFile, replacePrivateFile } from '../../private-file.js';
import { parseAddress } from '../../wire/address.js';
import { peerTarget } from './peer-target.js';

const page = z.object({
  v: z.literal(1),
  /** Where the agent was told that its daemon is when this was written. */
  home: z.string(),
  target: z.string(),
});

/** Which daemon `ConnectToPeer` has named last, kept over a restart of the agent: its tests go on at the daemon where they are. */
export interface KeptTarget {
  /** Where the daemon is looked for first. */
  readonly target: string;
  /** Makes another one safe on disk. Rejects `DATA_UNUSABLE`. */
  keep(target: string): Promise<void>;
}

/** What was kept counts while the agent is told of the same daemon as then, and still may be told of the other one. */
export async function openKeptTarget(options: {
  /** The agent's own directory. */
  readonly directory: string;
  readonly home: string;
  readonly allowed: readonly string[];
  readonly log: Logger;
}): Promise<KeptTarget> {
  const { directory, home, allowed, log } = options;
  const path = join(directory, 'daemon.json');
  let target = home;
  try {
    const text = await readPrivateFile(path);
    const kept = text === undefined ? undefined : page.parse(JSON.parse(text));
    if (kept?.home === home && mayBe(kept.target, home, allowed)) target = kept.target;
  } catch (thrown) {
    log.warn({ path, err: errorText(thrown) }, 'which daemon was worked with last cannot be read');
  }
  return { target, keep: (next) => replacePrivateFile(path, JSON.stringify({ v: 1, home, target: next })) };
}

function mayBe(target: string, home: string, allowed: readonly string[]): boolean {
  if (target === home) return true;
  const address = parseAddress(target);
  if ('path' in address) return false;
  const { host, port } = address;
  return peerTarget({ host, port: String(port) }, { own: [home], allowed }) === target;
}
