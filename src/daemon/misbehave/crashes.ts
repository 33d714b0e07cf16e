import type { DurableSteps } from '../log/durable-steps.js';
import type { Misdeed, Plan } from './plan.js';
import type { Truth } from './truth.js';

/** Ends the process as `kill -9` does. */
function endNow(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment; nothing may happen in it.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

/**
 * Ends the process around durable writes, as the plan says. Each write has one number for all three; it goes on where
 * the last crash of an earlier process was, so that a daemon that is started again does not die of the same write.
 */
export function crashingSteps(plan: Plan, truth: Truth): DurableSteps {
  const crashes: Misdeed[] = ['crash-before-write', 'crash-torn-write', 'crash-after-write'];
  let n = Math.max(...crashes.map((each) => truth.last(each)));
  const crashIf = (misdeed: Misdeed, what: string): void => {
    if (!plan.says(misdeed, n)) return;
    truth.tell(misdeed, n, { what });
    endNow();
  };
  return {
    before: (what) => {
      n += 1;
      crashIf('crash-before-write', what);
    },
    torn: (what, bytes) => {
      if (!plan.says('crash-torn-write', n)) return undefined;
      truth.tell('crash-torn-write', n, { what });
      return Math.max(1, Math.floor(bytes / 2));
    },
    end: endNow,
    after: (what) => crashIf('crash-after-write', what),
  };
}
