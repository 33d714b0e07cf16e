/**
 * A process of its own that undoes faults when their agent cannot: it was killed, or stands still. It has a session of its
 * own, learns over the channel of `fork` that there is something to watch, and undoes all when that channel ends; what is
 * overdue it undoes in any case. One that takes the place of another has no channel, and looks whether the agent is there.
 * Its arguments are the directory of what is to be undone, the agent that it belongs to, the id of the agent's process; and
 * of one that follows another the mark of that process, and how many there were before.
 */
import { startMark } from '../../bus/process-identity.js';
import { Deputy, type Watch } from './deputy.js';
import { isLook } from './guardian-link.js';
import { isThere } from './process/signals.js';
import type { Intent } from './undo.js';
import { UndoShelf } from './undo-shelf.js';

/** So long after its time the agent has surely had its chance, milliseconds. */
const overdueMs = 5_000;
/** How often is looked for what is overdue, milliseconds. */
const lookEveryMs = 1_000;
/** What cannot be undone is tried so often. */
const mostTries = 60;

const [, script = '', directory = '', owner = '', agentPid = '', agentMark = '', turn = '0'] = process.argv;
const shelf = new UndoShelf(directory, owner);
const deputy = new Deputy(script);
/** How often each was tried in vain. */
const failures = new Map<string, number>();
let alone = false;
/** When the agent was gone, by `performance.now`. */
let aloneSince = 0;

/** By `performance.now` when each is overdue: the clock of the machine may be put back meanwhile. */
const overdueAt = new Map<string, number>();

function isOverdue(name: string, { endsAtMs }: Intent): boolean {
  const key = `${name} ${endsAtMs}`;
  const leftMs = endsAtMs + overdueMs - Date.now();
  const at = overdueAt.get(key) ?? performance.now() + leftMs;
  overdueAt.set(key, at);
  return leftMs <= 0 || performance.now() >= at;
}

/** Whether this may be undone by us. */
function isDue(name: string, intent: Intent): boolean {
  const { undo } = intent;
  if (isOverdue(name, intent)) return true;
  if (!alone) return false;
  // What the kernel heals is left to it; only what is left of that then is removed.
  return undo.do !== 'drop-table' || performance.now() >= aloneSince + undo.leaseMs;
}

/** Undoes what is due; resolves to how much is left. */
async function round(): Promise<number> {
  let left = 0;
  for (const { name, intent } of await shelf.open()) {
    if (intent.owner !== owner) continue;
    const failed = failures.get(name) ?? 0;
    if (failed >= mostTries) continue;
    const due = isDue(name, intent);
    const isDone =
      due &&
      (await shelf.undo(name).then(
        () => true,
        () => {
          failures.set(name, failed + 1);
          return false;
        },
      ));
    if (!isDone) left += 1;
  }
  return left;
}

async function endAlone(): Promise<void> {
  if (alone) return;
  alone = true;
  aloneSince = performance.now();
  clearInterval(looking);
  // The last lease ends long before so many rounds are over.
  for (let rounds = 0; rounds < 2 * mostTries && (await round().catch(() => 1)) > 0; rounds++) {
    await new Promise((resolve) => setTimeout(resolve, rounds === 0 ? 50 : lookEveryMs));
  }
  end();
}

function end(): void {
  deputy.end();
  process.exit();
}

/** The agent's process: `mark` is empty where it has ended already. */
async function agent(): Promise<Watch['agent']> {
  const pid = Number(agentPid);
  if (agentMark !== '') return { pid, mark: agentMark };
  const mark = await startMark(pid);
  return { pid, mark: process.ppid === pid ? (mark ?? '') : '' };
}

const ready = agent().then(async (found) => {
  await deputy.begin({ directory, owner, agent: found, turn: Number(turn) });
  return found;
});

/** One that has followed another: there is no channel that ends with the agent. */
async function follow(): Promise<void> {
  if (!(await isThere(await ready))) return endAlone();
  if ((await round()) === 0) end();
}

let busy = false;
const isFirst = process.connected === true;
const look = () => {
  if (busy || alone) return;
  busy = true;
  (isFirst ? round() : follow())
    .catch(() => {})
    .finally(() => {
      busy = false;
    });
};
const looking = setInterval(look, lookEveryMs);
if (!isFirst) look();

process.on('disconnect', () => void endAlone());
// Whoever ends all processes of a service ends the agent too, and that undoes; a guardian goes last.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('message', (message: unknown) => {
  if (!isLook(message)) return;
  void ready.then(() => {
    // Whoever has asked may be gone by now: without a callback, what cannot be sent would end this process.
    if (process.connected) process.send?.('watching', () => {});
  });
});
