import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine } from '../../../src/bus/process-identity.js';
import type { Judgement } from '../../../src/controller/judging/judgement.js';
import { checkoutRoot, eventually, type RunningProcess, startReady } from '../../support/processes.js';
import { randomFrom } from '../chaos/random.js';
import { convergedLogs } from '../rehearsal/account.js';
import { Stage } from '../rehearsal/stage.js';

const nodes = ['north', 'east', 'south'];
const run = 'kills';
/** What was killed is away for at most so long, milliseconds. */
const longestAwayMs = 1_200;
/** From the begin of the run, blows fall within this time, milliseconds: it settles in peace. */
const blowsMs = 16_000;

const scenario = `
name: kills
seed: 1
nodes: {${nodes.map((node) => `${node}: {}`).join(', ')}}
groups:
  chat:
    members: [${nodes.join(', ')}]
    tests:
      ping: {type: text, size: 200B, interval: 150ms, amount: 60}
control: {amount: 5, interval: 100ms}
arm: 3s
settle: 8s
`;

/** One kill -9. */
interface Blow {
  /** After the begin of the run, milliseconds. */
  readonly atMs: number;
  readonly victim: 'agent' | 'daemon' | 'nats' | 'hub' | 'controller';
  readonly node: string;
  readonly awayMs: number;
}

/** Blows by lot, in the order of their times: each kind of victim at least once. The same seed gives the same. */
function blowsOf(seed: number, count = 8): Blow[] {
  const random = randomFrom(seed);
  const kinds = ['agent', 'daemon', 'nats', 'hub', 'controller'] as const;
  const blows = Array.from({ length: count }, (_, at) => ({
    atMs: random.below(blowsMs),
    victim: kinds[at] ?? random.pick(kinds),
    node: random.pick(nodes),
    awayMs: random.below(longestAwayMs),
  }));
  return blows.sort((a, b) => a.atMs - b.atMs);
}

/** A stage with a second controller; the hub of `postern up` is the first one. */
class RunStage {
  readonly stage: Stage;
  #controller: RunningProcess | undefined;

  private constructor(stage: Stage) {
    this.stage = stage;
  }

  static async open(): Promise<RunStage> {
    const opened = new RunStage(await Stage.open(nodes));
    try {
      await opened.startController();
    } catch (thrown) {
      await opened.close();
      throw thrown;
    }
    return opened;
  }

  async startController(): Promise<void> {
    await this.#controller?.stop('SIGKILL');
    const data = path.join(this.stage.fleet.dir, 'hub');
    const args = [
      'controller',
      '--data',
      data,
      '--listen',
      '127.0.0.1:0',
      '-o',
      'json',
      '--log-level',
      'warn',
    ];
    this.#controller = await startReady(path.join(checkoutRoot, 'bin/postern'), args);
  }

  async close(): Promise<void> {
    await this.#controller?.stop('SIGKILL');
    await this.stage.close();
  }

  /** The output of a command as JSON, when a hub answers it with success. */
  async json(args: readonly string[]): Promise<unknown> {
    const { code, stdout } = await this.stage.fleet.postern([...args, '-o', 'json']);
    return code === 0 ? JSON.parse(stdout) : undefined;
  }
}

/** Runs the scenario through the blows of a seed; fails where verdict or counts differ from what the daemons have. */
export async function killAndJudge(seed: number): Promise<string> {
  const blows = blowsOf(seed);
  const told = `seed ${seed}: ${blows.map(({ atMs, victim, node }) => `${atMs} ${victim} ${node}`).join(', ')}`;
  const opened = await RunStage.open();
  try {
    const file = path.join(opened.stage.fleet.dir, 'kills.yaml');
    await writeFile(file, scenario);
    const begun = await opened.stage.fleet.postern(['run', file, '--name', run, '--detach']);
    assert.equal(begun.code, 0, begun.stderr);
    await execute(opened, blows);
    const judgement = await judged(opened);
    await assertTruth(opened.stage, judgement, told);
  } catch (thrown) {
    if (thrown instanceof assert.AssertionError && thrown.message.includes(told)) throw thrown;
    throw new Error(`${told}\n${thrown instanceof Error ? thrown.message : ''}`, { cause: thrown });
  } finally {
    await opened.close();
  }
  return told;
}

async function judged(opened: RunStage): Promise<Judgement> {
  let shown: unknown;
  await eventually(
    'the run has ended',
    async () => {
      shown = await opened.json(['runs', 'show', run]);
      return shown instanceof Object && 'verdict' in shown && shown.verdict !== '';
    },
    { timeoutMs: 120_000, everyMs: 500 },
  ).catch((thrown: unknown) => {
    throw new Error(`it is ${JSON.stringify(shown)}`, { cause: thrown });
  });
  return eventually('the report can be had', async () => {
    const report = await opened.json(['runs', 'report', run]);
    return isJudgement(report) ? report : undefined;
  });
}

function isJudgement(report: unknown): report is Judgement {
  return report instanceof Object && 'totals' in report && 'tests' in report;
}

/** Fails where the verdict is no pass, or a count is not what the daemons' own logs say. */
async function assertTruth(stage: Stage, judgement: Judgement, told: string): Promise<void> {
  const why = `${told}\n${JSON.stringify({ reasons: judgement.reasons, totals: judgement.totals })}`;
  const [someone = ''] = nodes;
  const { group } = await stage.ask(someone, stage.client.createGroup, {
    name: 'chat',
    command: { run, term: Number.MAX_SAFE_INTEGER },
  });
  const readers = nodes.length - 1;
  for (const { test, totals } of judgement.tests) {
    const logs = await convergedLogs(stage.daemons, group, test, run);
    const written = [...logs.values()].map((log) => new Set(log.map(({ line }) => line)).size);
    assert.equal(new Set(written).size, 1, `the daemons differ in ${test}: ${written} ${why}`);
    const arrived = (written[0] ?? 0) * readers;
    // each message that any daemon has is one that was promised, or one of which nobody knew
    assert.equal(totals.delivered + totals.recovered, arrived, `${test}: ${why}`);
    assert.equal(totals.ok * readers, totals.expected, `${test}: ${why}`);
    assert.deepEqual(
      [totals.lost, totals.vanished, totals.duplicated, totals.unexpected, totals.corrupt],
      [0, 0, 0, 0, 0],
      `${test}: ${why}`,
    );
  }
  assert.equal(judgement.verdict, 'pass', why);
}

/** Strikes at the times; what was killed is there again when this resolves. */
async function execute(opened: RunStage, blows: readonly Blow[]): Promise<void> {
  const beganMs = Date.now();
  /** What happens to one process happens in turn. */
  const turns = new Map<string, Promise<void>>();
  const strikeAll = async (): Promise<void> => {
    for (const blow of blows) {
      const { victim, node } = blow;
      const name = victim === 'agent' || victim === 'daemon' ? `${victim} ${node}` : victim;
      await sleep(Math.max(0, beganMs + blow.atMs - Date.now()));
      if (victim === 'nats') await killNats(opened.stage);
      else {
        const turn = (turns.get(name) ?? Promise.resolve()).then(() => strike(opened, blow));
        turn.catch(() => {});
        turns.set(name, turn);
      }
    }
  };
  try {
    await strikeAll();
  } finally {
    await Promise.allSettled(turns.values());
  }
  await Promise.all(turns.values());
}

async function strike(opened: RunStage, { victim, node, awayMs }: Blow): Promise<void> {
  const { stage } = opened;
  if (victim === 'daemon') return stage.startDaemon(node);
  if (victim === 'controller') {
    return void (await eventually('the controller is back', () => opened.startController().then(() => true)));
  }
  if (victim === 'agent') {
    await stage.agents.get(node)?.stop('SIGKILL');
    await sleep(awayMs);
    return stage.startAgent(node);
  }
  await stage.hub?.stop('SIGKILL');
  await sleep(awayMs);
  // Whoever keeps hubs running starts one again whose NATS was killed while it started.
  await eventually('the hub is back', () => stage.startHub().then(() => true));
}

/** NATS of the hub, which lives on when its hub is killed. */
async function killNats({ fleet }: Stage): Promise<void> {
  const pid = Number(await readFile(path.join(fleet.dir, 'hub/nats/nats.pid'), 'utf8').catch(() => ''));
  if (pid > 1 && (await commandLine(pid))?.includes(fleet.dir) === true) process.kill(pid, 'SIGKILL');
}
