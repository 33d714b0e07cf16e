import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine } from '../../../src/bus/process-identity.js';
import { eventually } from '../../support/processes.js';
import { randomFrom } from '../chaos/random.js';
import { assertAgreement, convergedLogs, type Evidence, resultsIn } from './account.js';
import { Stage } from './stage.js';

const nodes = ['north', 'east', 'south'];
const [amount, intervalMs] = [60, 100];
/** What is written before a daemon is killed for the last time is everywhere soon after. */
const settleMs = 4_000;
/** A hub or an agent that was killed is away for at most so long, milliseconds. */
const longestAwayMs = 1_200;

/** One kill -9. */
export interface Kill {
  /** After the start of the test, milliseconds. */
  readonly atMs: number;
  readonly victim: 'agent' | 'daemon' | 'nats' | 'hub';
  /** Whose agent or daemon. */
  readonly node: string;
  /** How long it is away; a daemon is started at once, NATS by its hub. */
  readonly awayMs: number;
}

/** Kills by lot, in the order of their times: each kind of victim at least once. The same seed gives the same. */
export function scheduleOf(seed: number, count = 8): Kill[] {
  const random = randomFrom(seed);
  const kinds = ['agent', 'daemon', 'nats', 'hub'] as const;
  const kills = Array.from({ length: count }, (_, at) => ({
    atMs: 200 + random.below(amount * intervalMs - 500),
    victim: kinds[at] ?? random.pick(kinds),
    node: random.pick(nodes),
    awayMs: random.below(longestAwayMs),
  }));
  return kills.sort((a, b) => a.atMs - b.atMs);
}

/** Runs a test on three nodes through the kills of a seed; fails with whatever does not agree then. */
export async function killAndAccount(seed: number): Promise<string> {
  const schedule = scheduleOf(seed);
  const told = `seed ${seed}: ${schedule.map(({ atMs, victim, node }) => `${atMs} ${victim} ${node}`).join(', ')}`;
  const stage = await Stage.open(nodes);
  try {
    assertAgreement(await evidenceOf(stage, schedule), told);
  } catch (thrown) {
    if (thrown instanceof assert.AssertionError) throw thrown;
    throw new Error(told, { cause: thrown });
  } finally {
    await stage.close();
  }
  return told;
}

async function evidenceOf(stage: Stage, schedule: readonly Kill[]): Promise<Evidence> {
  const test = 'kills';
  const group = await stage.group();
  await stage.create(test, { group, amount, intervalMs }, settleMs);
  const startAtMs = Date.now() + 1_000;
  await stage.arm(test, startAtMs);
  await execute(stage, schedule, startAtMs);
  await Promise.all(nodes.map((node) => stage.ended(node, test)));
  const logs = await convergedLogs(stage.daemons, group, test);
  const results = await resultsIn(path.join(stage.fleet.dir, 'hub'), true);
  return { test, nodes, amount, results, logs, everyReceipt: false };
}

/** Kills at their times; what was killed is there again when this resolves. */
async function execute(stage: Stage, schedule: readonly Kill[], startAtMs: number): Promise<void> {
  /** What happens to one process happens in turn. */
  const turns = new Map<string, Promise<void>>();
  for (const kill of schedule) {
    const name = kill.victim === 'agent' || kill.victim === 'daemon' ? `${kill.victim} ${kill.node}` : 'hub';
    await sleep(Math.max(0, startAtMs + kill.atMs - Date.now()));
    if (kill.victim === 'nats') await killNats(stage);
    else {
      const turn = (turns.get(name) ?? Promise.resolve()).then(() => strike(stage, kill));
      turn.catch(() => {});
      turns.set(name, turn);
    }
  }
  await Promise.all(turns.values());
}

async function strike(stage: Stage, { victim, node, awayMs }: Kill): Promise<void> {
  if (victim === 'daemon') return stage.startDaemon(node);
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
