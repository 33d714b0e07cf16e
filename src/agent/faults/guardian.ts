/**
 * A process of its own that undoes faults when their agent cannot: it was killed, or stands still. It has a session of its
 * own, learns over the channel of `fork` that there is something to watch, and undoes all when that channel ends; what is
 * overdue it undoes in any case. Its arguments are the directory of what is to be undone, and the agent that it belongs to.
 */
import { isLook } from './guardian-link.js';
import type { Intent } from './undo.js';
import { UndoShelf } from './undo-shelf.js';

/** So long after its time the agent has surely had its chance, milliseconds. */
const overdueMs = 5_000;
/** How often is looked for what is overdue, milliseconds. */
const lookEveryMs = 1_000;
/** What cannot be undone is tried so often. */
const mostTries = 60;

const [, , directory = '', owner = ''] = process.argv;
const shelf = new UndoShelf(directory, owner);
/** How often each was tried in vain. */
const failures = new Map<string, number>();
let alone = false;
/** When the agent was gone, Unix milliseconds. */
let aloneSinceMs = 0;

/** When this may be undone by us. */
function dueAtMs({ undo, endsAtMs }: Intent): number {
  const overdue = endsAtMs + overdueMs;
  if (!alone) return overdue;
  // What the kernel heals is left to it; only what is left of that then is removed.
  return undo.do === 'drop-table' ? Math.min(overdue, aloneSinceMs + undo.leaseMs) : aloneSinceMs;
}

/** Undoes what is due; resolves to how much is left. */
async function round(): Promise<number> {
  let left = 0;
  for (const { name, intent } of await shelf.open()) {
    if (intent.owner !== owner) continue;
    const failed = failures.get(name) ?? 0;
    if (failed >= mostTries) continue;
    const due = Date.now() >= dueAtMs(intent);
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
  aloneSinceMs = Date.now();
  clearInterval(looking);
  // The last lease ends long before so many rounds are over.
  for (let rounds = 0; rounds < 2 * mostTries && (await round().catch(() => 1)) > 0; rounds++) {
    await new Promise((resolve) => setTimeout(resolve, rounds === 0 ? 50 : lookEveryMs));
  }
  process.exit();
}

let busy = false;
const looking = setInterval(() => {
  if (busy) return;
  busy = true;
  round()
    .catch(() => {})
    .finally(() => {
      busy = false;
    });
}, lookEveryMs);

process.on('disconnect', () => void endAlone());
// Whoever ends all processes of a service ends the agent too, and that undoes; a guardian goes last.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('message', (message: unknown) => {
  if (!isLook(message)) return;
  // Whoever has asked may be gone by now: without a callback, what cannot be sent would end this process.
  process.send?.('watching', () => {});
});
