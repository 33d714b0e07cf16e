import { open } from 'node:fs/promises';
import { type ReadOptions, readScenario } from '../../controller/scenario/read-scenario.js';
import type { Scenario } from '../../controller/scenario/scenario.js';
import { longestFile } from '../../controller/scenario/yaml-values.js';
import { errorText, PosternError } from '../../errors.js';

/** Reads a scenario's file. Throws `SCENARIO_INVALID` (exit status 2) with every mistake. */
export async function readScenarioFile(file: string, options: ReadOptions = {}): Promise<Scenario> {
  return readScenario(await readScenarioText(file), file, options);
}

/** The text, or a bit more of it than a scenario may have. Throws `SCENARIO_INVALID` (exit status 2). */
export async function readScenarioText(file: string): Promise<string> {
  try {
    const handle = await open(file);
    try {
      const pieces: Buffer[] = [];
      let left = longestFile + 1;
      while (left > 0) {
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(left, 1 << 16)));
        if (bytesRead === 0) break;
        pieces.push(buffer.subarray(0, bytesRead));
        left -= bytesRead;
      }
      return new TextDecoder('utf-8', { fatal: left > 0 }).decode(Buffer.concat(pieces));
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    const why = thrown instanceof TypeError ? 'it is not UTF-8' : errorText(thrown);
    throw new PosternError('SCENARIO_INVALID', `cannot read ${file}: ${why}`, { exitCode: 2, cause: thrown });
  }
}
