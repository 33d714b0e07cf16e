import type { RunContextOf } from './context.js';
import { insist, type StepLife } from './step.js';

/** The clock of a node is asked so often; the quickest answer counts. */
const askedTimes = 7;
const answerMs = 5_000;

/** How a node's clock differs: controller's time = node's time + offset, give or take the error. */
export interface MeasuredClock {
  readonly offsetMs: number;
  readonly errorMs: number;
}

/** By Cristian's algorithm (Distributed Computing 3, 1989): half the quickest round trip is the error. */
export async function measureClock(run: RunContextOf, life: StepLife, node: string): Promise<MeasuredClock> {
  let best: MeasuredClock = { offsetMs: 0, errorMs: Number.POSITIVE_INFINITY };
  for (let i = 0; i < askedTimes; i++) {
    const measured = await insist(life, `the clock of ${node}`, async () => {
      const since = performance.now();
      const askedAt = run.now();
      const { nowMs } = await run.calls.ask(
        node,
        ({ tests }) => tests.getTime.bind(tests),
        {},
        { signal: life.signal, withinMs: answerMs },
      );
      const errorMs = (performance.now() - since) / 2;
      return { offsetMs: askedAt + errorMs - nowMs, errorMs };
    });
    if (measured.errorMs < best.errorMs) best = measured;
  }
  return best;
}
