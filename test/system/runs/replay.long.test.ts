import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { FaultJudgement, Judgement } from '../../../src/controller/judging/judgement.js';
import { judgementSchema } from '../../../src/controller/report/judgement-schema.js';
import { eventually } from '../../support/processes.js';
import { Stage } from '../rehearsal/stage.js';

/** One node by lot is cut off while all join, a long cut is healed before its time, and one comes after the last message. */
const text = `
name: again
nodes: {north: {}, south: {}}
groups: {chat: {tests: {ping: {type: text, size: 200B, interval: 200ms, amount: 30}}}}
faults:
  - {kind: link, nodes: {any: 1}, during: joining, at: 100ms, for: 1s}
  - {kind: link, nodes: north, at: 500ms, for: 12s}
  - {kind: pause, nodes: south, during: draining, at: 200ms, for: 800ms}
control: false
arm: 2s
settle: 5s
`;
/** What is late on a busy machine is late in the run that does it again, too. */
const nearMs = 2_000;

describe('runs that are done again', { timeout: 400_000 }, () => {
  let stage: Stage;
  let file: string;
  before(async () => {
    stage = await Stage.open(['north', 'south']);
    file = path.join(stage.fleet.dir, 'again.yaml');
    await writeFile(file, text);
  });
  after(() => stage?.close());

  const postern = (...args: string[]) => stage.fleet.postern(args, { timeoutMs: 120_000 });
  const reportOf = async (run: string): Promise<Judgement> => {
    const { stdout, stderr } = await postern('runs', 'report', run, '-o', 'json');
    assert.notEqual(stdout, '', stderr);
    return judgementSchema.parse(JSON.parse(stdout));
  };
  /** A run to its end; the long cut is healed as soon as it acts, where that is wanted. */
  const runTo = async (name: string, heals: boolean, ...args: string[]): Promise<Judgement> => {
    const begun = await postern('run', '--name', name, '--detach', ...args);
    assert.equal(begun.code, 0, begun.stderr);
    if (heals) {
      // Who is cut off from the hub cannot be asked to heal; an agent that is started again undoes what it finds.
      await eventually('the long cut acts', async () => Date.now() > (await t0Of(name)) + 2_000, {
        timeoutMs: 60_000,
      });
      await stage.agents.get('north')?.stop('SIGKILL');
      await stage.startAgent('north');
    }
    await eventually(
      `${name} has ended`,
      async () =>
        /"verdict": ?"(pass|fail|unknown)"/.test((await postern('runs', 'show', name, '-o', 'json')).stdout),
      { timeoutMs: 120_000, everyMs: 500 },
    );
    return reportOf(name);
  };
  /** T0 of the tests; infinite where it is not known yet. */
  const t0Of = async (name: string): Promise<number> => {
    const { stdout } = await postern('runs', 'show', name, '-o', 'json');
    const shown: unknown = JSON.parse(stdout);
    const t0Ms = shown instanceof Object && 't0Ms' in shown ? Number(shown.t0Ms) : 0;
    return t0Ms === 0 ? Number.POSITIVE_INFINITY : t0Ms;
  };

  test('one seed gives one plan; what really happened is another, and is done again from the hub, a file and a report', async (t) => {
    const [a, b] = [
      await runTo('a', true, '--seed', '7', file),
      await runTo('b', false, '--seed', '7', file),
    ];
    assert.equal(a.plan.hash, b.plan.hash);
    assert.deepEqual(a.plan.faults, b.plan.faults);
    t.diagnostic(JSON.stringify(a.faults));

    const again = await runTo('c', false, '--replay', 'a');
    assertAgain(a, again);
    const { stdout } = await postern('runs', 'show', 'c');
    assert.match(stdout, /replays +a\n/);
    assert.match(stdout, new RegExp(`plan +${again.plan.hash}\n`));
    assert.match((await postern('runs', 'report', 'c')).stdout, /replays +a\n/);

    const exported = path.join(stage.fleet.dir, 'a.postern-run.jsonl');
    assert.equal((await postern('runs', 'export', 'a', '--output-file', exported)).code, 0);
    const report = path.join(stage.fleet.dir, 'report.json');
    await writeFile(report, (await postern('runs', 'report', 'a', '-o', 'json')).stdout);
    const fromFile = await runTo('d', false, '--replay', exported);
    assert.deepEqual(fromFile.plan, again.plan);
    const fromReport = await runTo('e', false, '--replay', report, file);
    assert.equal(fromReport.plan.hash, again.plan.hash);
  });

  test('what cannot be done again is refused before anything is begun, and says why', async () => {
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await postern('run', ...args);
      assert.notEqual(code, 0);
      return stderr;
    };
    assert.match(await refused('--replay', 'nobody'), /there is no run 'nobody'/);
    assert.match(
      await refused('--replay', 'a', '--seed', '8'),
      /--seed: with --replay it is that of the run/,
    );
    assert.match(await refused('--replay', 'a', file), /SCENARIO: with --replay it is that of the run/);
    assert.match(
      await refused('--replay', path.join(stage.fleet.dir, 'report.json')),
      /a report does not hold the scenario/,
    );
    assert.match(await refused('--replay', file), /again\.yaml/);

    const lonely = path.join(stage.fleet.dir, 'lonely.yaml');
    await writeFile(lonely, `${text.replaceAll('south', 'nowhere')}patience: {gather: 1s}\n`);
    await postern('run', '--name', 'lonely', lonely);
    assert.match(await refused('--replay', 'lonely'), /ended before its nodes were there/);

    await stage.agents.get('south')?.stop('SIGKILL');
    await eventually(
      'south is away',
      async () => !(await postern('nodes', 'south', '-o', 'json')).stdout.includes('connected.'),
      { timeoutMs: 60_000 },
    );
    assert.match(await refused('--replay', 'a'), /the node south of the run a: not there now/);
    const { stdout } = await postern('runs', 'ls', '-o', 'name');
    assert.deepEqual(stdout.trim().split('\n').sort(), ['a', 'b', 'c', 'd', 'e', 'lonely']);
  });
});

/** Fails where the second run did not do what the first one really did. */
function assertAgain(first: Judgement, second: Judgement): void {
  assert.equal(second.plan.replays, first.run);
  assert.equal(second.plan.seed, first.plan.seed);
  assert.notEqual(second.plan.hash, first.plan.hash);
  const acted = first.faults.filter(({ injectedAtMs }) => injectedAtMs !== undefined);
  assert.equal(acted.length, 3);
  assert.deepEqual(second.faults.map(({ fault }) => fault).sort(), acted.map(({ fault }) => fault).sort());
  for (const was of acted) {
    const is = second.faults.find(({ fault }) => fault === was.fault) ?? assert.fail(was.fault);
    const told = `${JSON.stringify(was)}\n${JSON.stringify(is)}\n${JSON.stringify(second.facts.faults)}`;
    // planned as it really was
    assert.ok(Math.abs(lastedMs(was) - (is.plannedToMs - is.plannedFromMs)) <= 1, told);
    assert.ok(Math.abs(lastedMs(was) - lastedMs(is)) < nearMs, told);
  }
  const cut = acted.find(({ plannedFromMs, plannedToMs }) => plannedToMs - plannedFromMs === 12_000);
  assert.ok(cut !== undefined && lastedMs(cut) < 10_000, JSON.stringify(cut));
}

function lastedMs({ injectedAtMs = 0, healedAtMs = 0 }: FaultJudgement): number {
  return healedAtMs - injectedAtMs;
}
