import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFiles } from '../journal/files.js';
import { faultPage } from './fault-page.js';
import { intentName } from './node-faults.js';
import { timesOf } from './plan.js';

/** A fault that acts, as its page says. */
export interface Acting {
  /** The run and the fault with a dot between. */
  readonly name: string;
  readonly kind: string;
  /** When it ends by itself at the latest, Unix milliseconds. */
  readonly endsAtMs: number;
}

/** The faults that came and were not healed, of the agent whose faults are in this directory. A page that cannot be read tells nothing. */
export async function actingPages(directory: string): Promise<Acting[]> {
  const runs = join(directory, 'runs');
  const acting: Acting[] = [];
  for (const run of await diskFiles.list(runs)) {
    for (const file of await diskFiles.list(join(runs, run)).catch(() => [])) {
      const page = file.endsWith('.json') ? await readPage(join(runs, run, file)) : undefined;
      if (page === undefined) continue;
      const { plan, past } = page;
      const injected = past.findLast(({ type }) => type === 'INJECTED');
      if (injected?.type !== 'INJECTED' || past.some(({ type }) => type === 'HEALED')) continue;
      const { startAtMs, forMs } = timesOf(plan);
      const endsAtMs = startAtMs + forMs;
      acting.push({ name: intentName(plan.run, plan.fault), kind: plan.kind, endsAtMs });
    }
  }
  return acting;
}

async function readPage(path: string) {
  try {
    return faultPage.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
