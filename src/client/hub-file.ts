import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { processExists, startMark } from '../bus/process-identity.js';
import { replacePrivateFile } from '../private-file.js';

/** What a running hub tells about itself to others on its machine, in `DATA/hub.json`. */
export const hubFile = z.object({
  pid: z.number().int().positive(),
  /** Tells the process from a later one with its id; releases before wrote none. */
  mark: z.string().optional(),
  /** Addresses as they were bound. */
  listen: z.array(z.string()).min(1),
  /** URL of its bus. */
  nats: z.string(),
  /** Address of its metrics, '' for none. */
  metrics: z.string(),
  startedAtMs: z.number().int(),
});
export type HubFile = z.infer<typeof hubFile>;

function pathIn(data: string): string {
  return join(data, 'hub.json');
}

/** What the hub of this data directory wrote, when its process is there; a file that was left behind does not count. */
export async function readHubFile(data: string): Promise<HubFile | undefined> {
  let text: string;
  try {
    text = await readFile(pathIn(data), 'utf8');
  } catch {
    return undefined;
  }
  const parsed = hubFile.safeParse(parse(text));
  if (!parsed.success) return undefined;
  const { pid, mark } = parsed.data;
  const runs = mark === undefined ? processExists(pid) : (await startMark(pid)) === mark;
  return runs ? parsed.data : undefined;
}

/** What the process `content.pid` tells about itself. Throws `DATA_UNUSABLE`. */
export async function writeHubFile(data: string, content: Omit<HubFile, 'mark'>): Promise<void> {
  const written: HubFile = { ...content, mark: await startMark(content.pid) };
  await replacePrivateFile(pathIn(data), `${JSON.stringify(written)}\n`);
}

/** Takes back what process `pid` wrote; another's file stays. */
export async function removeHubFile(data: string, pid: number): Promise<void> {
  try {
    const written = hubFile.safeParse(parse(await readFile(pathIn(data), 'utf8')));
    if (written.success && written.data.pid === pid) await rm(pathIn(data), { force: true });
  } catch {
    // It is not there: nothing to take back.
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
