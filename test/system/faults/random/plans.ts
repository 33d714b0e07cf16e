import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Traces } from '../../../cli/providers/worlds.js';
import { labEnv } from '../../../support/lab/stage.js';
import { eventually } from '../../../support/processes.js';
import type { PlanGround } from './draw.js';
import { type Executed, execute } from './execute.js';
import { trueCounts, trueDoubts, unexplained } from './truth.js';

/**
 * Tests that so many plans count what the daemons have, and leave nothing. `POSTERN_PLAN_SEEDS=3,7` repeats what some seeds
 * gave.
 */
export function randomPlans(
  ground: PlanGround,
  { plans, missing = false }: { readonly plans: number; readonly missing?: string | false },
): void {
  const all = Array.from({ length: plans }, (_, i) => i + 1).join();
  const seeds = (process.env.POSTERN_PLAN_SEEDS ?? all).split(',').map(Number);
  /** Proofs of the faults of all plans that came as they were to. */
  const proofs: string[] = [];
  const where = ground === 'lab' ? 'by the kernel, in labs' : 'by relays';

  describe(`plans by lot on five daemons, ${where}`, {
    skip: missing,
    timeout: 1_800_000,
    concurrency: 2,
  }, () => {
    for (const seed of seeds) {
      test(`plan ${seed} counts what the daemons have, and leaves nothing`, async (t) => {
        const env = ground === 'lab' ? await labEnv() : process.env;
        const [traces, rules] = [await Traces.make(env), await ownRules()];
        t.after(() => traces.remove());
        const executed = await execute(seed, traces.env, ground);
        const told = inWords(executed);
        t.diagnostic(told);
        proofs.push(...executed.judgement.faults.filter(isAsLong).map(({ proof }) => proof));
        assertTruth(executed, told);
        assertEchoes(executed, told);
        await eventually('nothing is left', async () => (await traces.left()).length === 0, {
          timeoutMs: 20_000,
        }).catch(async () => assert.fail(`left: ${(await traces.left()).join(', ')}\n${told}`));
        assert.deepEqual(await ownRules(), rules, `rules and queues are left\n${told}`);
      });
    }

    // By the network of nodes that cannot be reached, or of a daemon that sends nothing, nobody says.
    after(() => {
      const confirmed = proofs.filter((proof) => proof === 'confirmed').length;
      assert.ok(confirmed >= proofs.length / 2, `${confirmed} of ${proofs.length} faults were confirmed`);
    });
  });
}

/** On a busy machine a fault comes late and ends in time: it is too short to be looked at, or to be what it was to be. */
function isAsLong({
  plannedFromMs,
  plannedToMs,
  injectedAtMs = 0,
  healedAtMs = 0,
}: Executed['judgement']['faults'][number]): boolean {
  return healedAtMs - injectedAtMs >= 0.9 * (plannedToMs - plannedFromMs);
}

function inWords({ plan, judgement, echoed }: Executed): string {
  const { verdict, reasons, totals, faults } = judgement;
  return [
    `seed ${plan.seed}, plan ${judgement.plan.hash}: ${verdict}; ${JSON.stringify(totals)}`,
    `misbehave ${JSON.stringify(plan.misbehave)}; ${JSON.stringify(plan.faults)}`,
    `datagrams ${JSON.stringify(Object.fromEntries(echoed))}`,
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

/** What became of datagrams follows from what their agent did to them, and is what its faults are to do. */
function assertEchoes({ plan, judgement, echoed }: Executed, told: string): void {
  for (const [node, { sent, back, twice, late }] of echoed) {
    const kinds = new Set(plan.faults.flatMap((fault) => (fault.nodes === node ? [String(fault.kind)] : [])));
    const mayBe = (...some: string[]) => some.some((kind) => kinds.has(kind));
    assert.ok(sent > 0 && back > 0, told);
    assert.ok(back === sent || mayBe('partition', 'loss'), `${node}: ${back} of ${sent} came\n${told}`);
    assert.ok(twice === 0 || mayBe('duplicate'), `${node}: ${twice} came twice\n${told}`);
    assert.ok(late === 0 || mayBe('reorder', 'delay'), `${node}: ${late} came late\n${told}`);
    const isConfirmed = (kind: string) =>
      judgement.faults.some((one) => one.node === node && one.kind === kind && one.proof === 'confirmed');
    assert.ok(twice > 0 || !isConfirmed('duplicate'), told);
    assert.ok(late > 0 || !isConfirmed('reorder'), told);
  }
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
