import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { labEnv, withoutLab } from '../../support/lab/stage.js';
import { checkoutRoot, compiledRoot, run } from '../../support/processes.js';
import { Traces } from './worlds.js';

const missing = await withoutLab();
const postern = path.join(checkoutRoot, 'bin/postern');

describe('faults between daemons by the relays of their agents', { timeout: 600_000 }, () => {
  let traces: Traces;
  before(async () => {
    traces = await Traces.make({ ...(await labEnv()), POSTERN_DIST: compiledRoot });
  });
  after(() => traces?.remove());

  /** Runs it, and gives the lines of the report that tell of faults. */
  const told = async (name: string, provider: string, faults: string): Promise<string[]> => {
    const file = path.join(traces.dir, `${name}.yaml`);
    await writeFile(
      file,
      `provider: ${provider}
seed: abc
control: false
nodes: {a: , b: , c: , d: }
groups: {g: {tests: {t: {type: text, interval: 200ms, amount: 100}}}}
${faults}`,
    );
    const ended = await run(postern, ['run', file], { env: traces.env, timeoutMs: 280_000 });
    assert.equal(ended.code, 0, `${ended.stdout}${ended.stderr}`);
    return ended.stdout.split('\n').filter((line) => /\+\d.* (confirmed|mismatch|inconclusive) /.test(line));
  };

  test('on one machine part nodes, and disturb what goes between two of them, each proven', async () => {
    const lines = await told(
      'local',
      'local',
      `faults:
  - {partition: {halves: true}, at: 1s, for: 3s}
  - {kind: loss, share: 30%, nodes: c, from: [a], at: 9s, for: 4s}
  - {kind: delay, delay: 100ms, nodes: b, at: 17s, for: 3s}
`,
    );
    assert.equal(lines.length, 6, lines.join('\n'));
    assert.deepEqual(
      lines.filter((line) => !/ confirmed /.test(line)),
      [],
    );
  });

  test('in a lab, where they are asked for without the kernel, do the same', { skip: missing }, async () => {
    const lines = await told(
      'lab',
      'lab',
      `faults:
  - {kind: stall, way: userspace, nodes: a, from: [b, c], at: 1s, for: 3s}
  - {kind: reset, way: userspace, nodes: d, at: 9s, for: 2s}
`,
    );
    assert.equal(lines.length, 2, lines.join('\n'));
    assert.deepEqual(
      lines.filter((line) => !/ confirmed /.test(line)),
      [],
    );
  });
});
