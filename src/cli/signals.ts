/** Exit status after SIGINT, as shells show it. */
export const interruptedStatus = 130;
/** Exit status after SIGTERM, as shells show it. */
const terminatedStatus = 143;

function exitInterrupted(): void {
  process.exit(interruptedStatus);
}

/** Ctrl-C ends the process at once, until `stopSignal` or `interruptSignal` is asked for. */
export function exitOnInterrupt(): void {
  process.once('SIGINT', exitInterrupted);
}

/**
 * For what drains: resolves at the first SIGTERM (exit status 0) or SIGINT (130) to the exit status; the second one ends
 * the process at once.
 */
export function stopSignal(): Promise<number> {
  process.off('SIGINT', exitInterrupted);
  return new Promise((resolve) => {
    let stopping = false;
    const hear = (name: 'SIGINT' | 'SIGTERM'): void => {
      if (stopping) process.exit(name === 'SIGINT' ? interruptedStatus : terminatedStatus);
      stopping = true;
      resolve(name === 'SIGINT' ? interruptedStatus : 0);
    };
    process.on('SIGINT', hear).on('SIGTERM', hear);
  });
}

/** For what can be cancelled: aborts at the first SIGINT; the second one ends the process at once. */
export function interruptSignal(): AbortSignal {
  process.off('SIGINT', exitInterrupted);
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(interruptedStatus);
    controller.abort();
  });
  return controller.signal;
}

/** For what runs a program in its place: every signal that asks for something goes to `pass` instead. */
export function passSignals(names: readonly NodeJS.Signals[], pass: (name: NodeJS.Signals) => void): void {
  process.off('SIGINT', exitInterrupted);
  for (const name of names) process.on(name, pass);
}

/** For what ends in steps: hears each SIGINT and SIGTERM, the how many-th it is; nothing else ends the process then. */
export function hearInterrupts(hear: (count: number) => void): void {
  process.off('SIGINT', exitInterrupted);
  let count = 0;
  const heard = (): void => {
    count += 1;
    hear(count);
  };
  process.on('SIGINT', heard).on('SIGTERM', heard);
}
