import { readFile } from 'node:fs/promises';
import type { Act, Canary, Expectation, Proving, Sight } from '../injection.js';
import { answerCanary } from '../proof/answer-canary.js';
import { type DaemonProcesses, findDaemon } from './daemon-process.js';
import { listeningAt } from './listening.js';
import { isThere } from './signals.js';

const nothing: Expectation = { sees: 'nothing' };

/** How a fault that holds, kills or restarts the daemon at an address is proven. `spared`: ways that go on all along. */
export function provingProcess({ kind }: Act, target: string, spared: readonly Canary[]): Proving {
  const settleMs = 10_000;
  if (kind === 'pause') {
    const canaries = [stateCanary(target), answerCanary('affected', target, nothing), ...spared];
    return { canaries, expects: { sees: 'change', lasts: 'while' }, settleMs };
  }
  if (kind === 'restart') {
    return { canaries: [idCanary(target), ...spared], expects: { sees: 'change', lasts: 'once' }, settleMs };
  }
  const canaries = [listenerCanary(target), answerCanary('affected', target), ...spared];
  return { canaries, expects: nothing, settleMs };
}

/** The states of the daemon's processes (proc(5)), those that it had at the first look. */
function stateCanary(target: string): Canary {
  let known: Promise<DaemonProcesses> | undefined;
  return affected(`processes of the daemon at ${target}`, async () => {
    known ??= findDaemon(target);
    const { all } = await known;
    const states = await Promise.all(
      all.map(async (one) => ((await isThere(one)) ? stateOf(one.pid) : 'gone')),
    );
    return [...new Set(states.map((state) => words[state] ?? 'run'))].join(' and ');
  });
}

const words: Readonly<Record<string, string>> = { T: 'stand still', gone: 'are gone' };

/** Which process is the daemon. */
function idCanary(target: string): Canary {
  return affected(`process of the daemon at ${target}`, async () => {
    const { head } = await findDaemon(target);
    return String(head.pid);
  });
}

/** Whether anybody listens at the daemon's address. */
function listenerCanary(target: string): Canary {
  return affected(`listener at ${target}`, async () => {
    if ((await listeningAt(target)).length === 0) throw new Error('nobody listens');
    return 'listens';
  });
}

function affected(name: string, find: () => Promise<string>): Canary {
  return {
    path: 'affected',
    name,
    async look(): Promise<Sight> {
      const beganMs = performance.now();
      const ms = () => performance.now() - beganMs;
      try {
        return { through: true, ms: ms(), found: await find() };
      } catch (thrown) {
        return { through: false, ms: ms(), found: thrown instanceof Error ? thrown.message : 'nothing' };
      }
    },
  };
}

async function stateOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}
