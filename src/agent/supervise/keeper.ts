/**
 * A process of its own between an agent and the process that it supervises: what the agent cannot do any more after
 * `kill -9`, the keeper does. It has a session of its own, and takes its orders over the channel of `fork`; when that
 * channel ends, or it is told to end, it ends the process as the agent would have done: SIGTERM, after the grace
 * SIGKILL.
 */
import { isOrder, type KeeperReport } from './keeper-messages.js';
import { KeptProcess } from './kept-process.js';

/** So many reports may wait for the agent to read them; further lines of output are left out. */
const mostWaiting = 256;
/** What is there so long after SIGKILL hangs in the kernel, and is left to it, in milliseconds. */
const killLimitMs = 10_000;

let kept: KeptProcess | undefined;
let graceMs = 0;
let waiting = 0;
let alone = false;
let leaving = false;

function tell(report: KeeperReport): void {
  if (process.send === undefined || !process.connected) return;
  if (report.kind === 'line' && waiting >= mostWaiting) return;
  waiting += 1;
  process.send(report, () => {
    waiting -= 1;
    if (leaving) leave();
  });
}

/** Ends when the agent has all reports. */
function leave(): void {
  leaving = true;
  if (waiting > 0 && process.connected) return;
  process.removeListener('disconnect', endAlone);
  if (process.connected) process.disconnect();
  process.exitCode = 0;
  setTimeout(() => process.exit(), 1_000).unref();
}

/** Nobody gives orders any more. */
function endAlone(): void {
  if (alone) return;
  alone = true;
  if (kept === undefined) process.exit();
  kept.terminate();
  setTimeout(() => {
    kept?.kill();
    setTimeout(() => process.exit(1), killLimitMs).unref();
  }, graceMs).unref();
}

process.on('disconnect', endAlone);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, endAlone);

process.on('message', (message: unknown) => {
  if (!isOrder(message)) return;
  if (message.kind === 'launch' && kept === undefined) {
    graceMs = message.graceMs;
    kept = new KeptProcess(message, tell, leave);
    kept.launch();
  } else if (message.kind === 'terminate') kept?.terminate();
  else if (message.kind === 'kill') kept?.kill();
});
