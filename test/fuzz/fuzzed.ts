import assert from 'node:assert/strict';
import path from 'node:path';
import { z } from 'zod';
import { compiledRoot, run } from '../support/processes.js';
import { longestBlockMs } from './run-target.js';

const results = z.array(
  z.object({
    name: z.string(),
    seed: z.number(),
    inputs: z.number(),
    inputsPerSecond: z.number(),
    worstMs: z.number(),
    grownBytes: z.number(),
    failure: z.string().optional(),
  }),
);

/** The parsers that are fuzzed. */
const parsers = 19;

/**
 * Records real traffic and feeds `inputs` mutations of it to every parser, in a process of its own. `FUZZ_SEED`
 * repeats a run, `FUZZ_INPUTS` makes it longer or shorter, `FUZZ_ONLY` names one parser.
 */
export async function assertParsersHold(inputs: number, timeoutMs: number): Promise<void> {
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32));
  const wanted = Number(process.env.FUZZ_INPUTS ?? inputs);
  const only = process.env.FUZZ_ONLY === undefined ? [] : [process.env.FUZZ_ONLY];
  const main = path.join(compiledRoot, 'test/fuzz/main.js');
  const args = ['--expose-gc', main, String(wanted), String(seed), ...only];
  const { code, stdout, stderr } = await run(process.execPath, args, { timeoutMs });
  assert.equal(code, 0, `FUZZ_SEED=${seed}: ${stdout}\n${stderr}`);
  const found = results.parse(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  );
  process.stdout.write(`# FUZZ_SEED=${seed}\n${found.map(lineOf).join('\n')}\n`);
  for (const { name, failure, inputs: fed, worstMs } of found) {
    assert.equal(failure, undefined, `FUZZ_SEED=${seed} FUZZ_ONLY=${name} repeats this: ${failure}`);
    assert.ok(fed >= wanted, `${name} got ${fed} inputs only`);
    assert.ok(worstMs <= longestBlockMs, `${name}: an input took ${worstMs} ms`);
  }
  assert.equal(found.length, only.length === 0 ? parsers : 1);
}

function lineOf(result: z.infer<typeof results>[number]): string {
  const { name, inputs, inputsPerSecond, worstMs, grownBytes } = result;
  const heap = `${Math.round(grownBytes / 1024)} KiB of heap in the second half`;
  return `# ${name}: ${inputs} inputs, ${inputsPerSecond}/s, the worst ${worstMs} ms, ${heap}`;
}
