/**
 * A process of its own beside the one that has brought up a world: when the channel between them ends, however that came
 * about, it kills whatever is left of the world, and removes its directory where nobody is to keep it. Its arguments are
 * the mark of the world, its directory, and `remove` or `keep`.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { markedProcesses, marksAreRead, signalled } from './marked-processes.js';
import { sweeperMessage } from './sweeper-messages.js';

/** What does not go within this time hangs in the kernel, and is left to it, milliseconds. */
const mostMs = 30_000;
/** So long they may take to end by themselves where those that they have started are not found otherwise, milliseconds. */
const graceMs = 5_000;
/** Nothing is left when nothing was found so often in a row: what is just being started may have been missed. */
const emptyLooks = 3;
const lookEveryMs = 30;

const [, , mark = '', directory = '', what = 'keep'] = process.argv;
let remove = what === 'remove';
const groups: number[] = [];

/** Positive: processes; negative: process groups. */
function left(): number[] {
  return marksAreRead ? markedProcesses(mark) : groups.filter((group) => signalled(group, 0));
}

async function sweep(): Promise<void> {
  const beganMs = performance.now();
  for (const pid of marksAreRead ? [] : left()) signalled(pid, 'SIGTERM');
  for (let empty = 0; empty < emptyLooks && performance.now() - beganMs < mostMs; await sleep(lookEveryMs)) {
    const found = left();
    empty = found.length === 0 ? empty + 1 : 0;
    if (!marksAreRead && performance.now() - beganMs < graceMs) continue;
    for (const pid of found) signalled(pid, 'SIGKILL');
  }
  if (remove) await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  process.exit();
}

process.on('message', (message: unknown) => {
  const told = sweeperMessage.safeParse(message);
  if (!told.success) return;
  if (told.data.kind === 'started') groups.push(-told.data.pid);
  else remove = told.data.remove;
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
if (process.connected) {
  process.once('disconnect', () => void sweep());
  // whoever has asked may be gone by now
  process.send?.('watching', () => {});
} else void sweep();
