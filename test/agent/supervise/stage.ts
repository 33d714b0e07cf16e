import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type ProcessConfig, processConfig } from '../../../src/agent/supervise/config.js';
import { Supervisor } from '../../../src/agent/supervise/supervisor.js';
import type { Transition } from '../../../src/bus/messages.js';
import { createLogger } from '../../../src/log.js';

const daemonFile = fileURLToPath(new URL('./daemon.js', import.meta.url));

/** What a daemon wrote about itself. */
const daemonFacts = z.object({
  pid: z.number(),
  children: z.array(z.number()),
  environment: z.record(z.string(), z.string()),
  directory: z.string(),
});
export type DaemonFacts = z.infer<typeof daemonFacts>;

/** The command of a daemon that behaves so. */
export function daemonCommand(behaviours: string, file = ''): string[] {
  return [process.execPath, daemonFile, behaviours, file];
}

/** What the daemon that was told that file wrote into it; not what an earlier one with the id `not` did. */
export async function factsIn(file: string, not = 0): Promise<DaemonFacts> {
  return until(async () => {
    const facts = daemonFacts.parse(JSON.parse(await readFile(file, 'utf8')));
    return facts.pid === not ? undefined : facts;
  }, `nothing came into ${file}`);
}

/** Waits until `look` gives something and does not throw, at most 20 s. */
export async function until<T>(
  look: () => T | undefined | Promise<T | undefined>,
  message: string,
): Promise<T> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const found = await Promise.resolve()
      .then(look)
      .catch(() => undefined);
    if (found !== undefined && found !== false) return found;
    assert.ok(performance.now() < deadline, message);
    await pause(20);
  }
}

/** Whether a process is there and is no zombie. */
export function runs(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.state !== 'Z';
}

/** The children of a process whose command line holds that text. */
export function childrenOf(parent: number, text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => statOf(pid)?.parent === parent && commandLine(pid).includes(text));
}

/** Waits until none of these processes is there. */
export function untilGone(pids: readonly number[]): Promise<boolean> {
  return until(() => !pids.some(runs), `of ${pids.join(', ')} some stay`);
}

/** The keeper of that agent's process, and the shell that watches over it. */
export async function keepersOf(agent: number): Promise<{ keeper: number; watch: number }> {
  return until(() => {
    const [keeper] = childrenOf(agent, 'keeper.js');
    const [watch] = keeper === undefined ? [] : childrenOf(keeper, 'postern-last-watch');
    return keeper === undefined || watch === undefined ? undefined : { keeper, watch };
  }, 'there is no keeper with a watch');
}

function statOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', parent = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

/** A supervisor with a log that can be read; its process ends with the test. */
export interface Stage {
  readonly supervisor: Supervisor;
  readonly transitions: Transition[];
  /** Lines of the log. */
  readonly log: Record<string, unknown>[];
  /** Process id of the running process. */
  pid(): number;
}

/** A directory that goes with the test. */
export async function scratchFor(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-process-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

let keys = 0;

/** Sets up a supervisor for that command. */
export function supervise(
  t: TestContext,
  command: readonly string[],
  given: Partial<ProcessConfig> = {},
): Stage {
  const transitions: Transition[] = [];
  const log: Record<string, unknown>[] = [];
  keys += 1;
  const supervisor = new Supervisor({
    config: processConfig.parse({ command, graceSeconds: 5, settleSeconds: 0.3, ...given }),
    node: 'attic',
    boot: 'b1',
    key: `key ${process.pid} ${keys}`,
    publish: (transition) => transitions.push(transition),
    log: createLogger('debug', {}, { write: (line) => void log.push(JSON.parse(line)) }),
  });
  t.after(() => supervisor.close(0));
  return {
    supervisor,
    transitions,
    log,
    pid: () => z.number().parse(transitions.at(-1)?.context.pid),
  };
}

/** A signal that is never aborted. */
export const never: AbortSignal = new AbortController().signal;
