import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { scanFrames } from '../../../src/agent/journal/frame.js';
import { type ResultRecord, resultRecord } from '../../../src/bus/result-records.js';

/** The records of a test of the run `r1` in the journal of a node, as they are on its disk now. */
export async function journalOf(dir: string, node: string, test: string): Promise<ResultRecord[]> {
  const directory = path.join(dir, node, 'agent', node, 'tests/runs/r1', test);
  const records: ResultRecord[] = [];
  for (const name of (await readdir(directory)).sort()) {
    scanFrames(await readFile(path.join(directory, name)), ({ body }) => {
      records.push(resultRecord.parse(JSON.parse(body.toString())));
      return true;
    });
  }
  return records;
}
