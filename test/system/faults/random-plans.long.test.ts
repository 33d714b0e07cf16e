import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Traces } from '../../cli/providers/worlds.js';
import { eventually } from '../../support/processes.js';
import { type Executed, execute } from './random/execute.js';
import { trueCounts, trueDoubts, unexplained } from './random/truth.js';

/** `POSTERN_PLAN_SEEDS=3,7` repeats what some seeds gave. */
const seeds = (process.env.POSTERN_PLAN_SEEDS ?? Array.from({ length: 20 }, (_, i) => i + 1).join())
  .split(',')
  .map(Number);

/** Proofs of all faults of all plans. */
const allProofs: string[] = [];

describe('plans by lot on five daemons', { timeout: 900_000, concurrency: 2 }, () => {
  for (const seed of seeds) {
    test(`plan ${seed} counts what the daemons have, and leaves nothing`, async (t) => {
      const [traces, rules] = [await Traces.make(), await ownRules()];
      t.after(() => traces.remove());
      const executed = await execute(seed, traces.env);
      const told = inWords(executed);
      t.diagnostic(told);
      allProofs.push(...executed.judgement.faults.map(({ proof }) => proof));
      assertTruth(executed, told);
      await eventually('nothing is left', async () => (await traces.left()).length === 0, {
        timeoutMs: 20_000,
      }).catch(async () => assert.fail(`left: ${(await traces.left()).join(', ')}\n${told}`));
      assert.deepEqual(await ownRules(), rules, `rules and queues are left\n${told}`);
    });
  }

  // On a busy machine one or the other is too short to be looked at, or to be what it was to be.
  after(() => {
    const confirmed = allProofs.filter((proof) => proof === 'confirmed').length;
    assert.ok(confirmed >= allProofs.length / 2, `${confirmed} of ${allProofs.length} faults were confirmed`);
  });
});

function inWords({ plan, judgement }: Executed): string {
  const { verdict, reasons, totals, faults } = judgement;
  return [
    `seed ${plan.seed}, plan ${judgement.plan.hash}: ${verdict}; ${JSON.stringify(totals)}`,
    `misbehave ${JSON.stringify(plan.misbehave)}`,
    ...faults.map(
      ({ fault, node, by, proof, reason = '', plannedFromMs, injectedAtMs = 0, healedAtMs = 0 }) =>
        `${fault} of ${node} by ${by}: ${proof} ${reason}, ${Math.round(injectedAtMs - plannedFromMs)} ms late, ${Math.round(healedAtMs - injectedAtMs)} ms long`,
    ),
    ...reasons.map(({ code, text }) => `${code}: ${text}`),
  ].join('\n');
}

/** Reasons of the verdict that follow from the truth, or from proofs of faults. */
function assertTruth({ judgement, known }: Executed, told: string): void {
  assert.ok(judgement.tests.length > 0 && known.length === judgement.tests.length, told);
  let isFailing = false;
  const doubts = new Set<string>();
  for (const one of known) {
    assert.deepEqual(unexplained(one), [], told);
    const truth = trueCounts(one);
    const totals = judgement.tests.find(({ test: of }) => of === one.test)?.totals;
    const counted = Object.fromEntries(
      Object.entries(totals ?? {}).filter(([key]) => Object.hasOwn(truth, key)),
    );
    assert.deepEqual(counted, { ...truth }, `${one.test}\n${told}`);
    assert.ok(truth.delivered > 0, told);
    isFailing ||= truth.lost + truth.duplicated + truth.corrupt > 0;
    for (const doubt of trueDoubts(one)) doubts.add(doubt);
    if (truth.unknown > 0) doubts.add('unknown');
  }
  const proofs = judgement.faults.map(({ proof }) => proof);
  for (const proof of ['mismatch', 'inconclusive'] as const) {
    if (proofs.includes(proof)) doubts.add(`fault-${proof}`);
  }
  assert.equal(judgement.verdict, isFailing ? 'fail' : doubts.size > 0 ? 'unknown' : 'pass', told);
  const failed = new Set(['lost', 'duplicated', 'corrupt', 'control-loss']);
  const codes = judgement.reasons.map(({ code }) => code).filter((code) => !failed.has(code));
  assert.deepEqual(codes.sort(), [...doubts].sort(), told);
}

const exec = promisify(execFile);

/** Tables of packets that are ours, and queues of interfaces: those of this machine's other users stay as they are. */
async function ownRules(): Promise<string[]> {
  const said = async (command: string, ...args: string[]): Promise<string[]> =>
    exec(command, args).then(
      ({ stdout }) => stdout.split('\n'),
      () => [],
    );
  const tables = await said('nft', 'list', 'tables');
  return tables.filter((line) => line.includes('postern_fault_'));
}
