import type { Bus } from '../../bus/bus.js';
import { subjects } from '../../bus/subjects.js';
import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { CallTally } from './tally.js';

/** Tells on the bus, at the end of each second, what calls ended in it. Returns what stops it. */
export function tellCalls(
  tally: Pick<CallTally, 'take'>,
  { bus, hub, log }: { bus: Pick<Bus, 'publish'>; hub: string; log: Logger },
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    try {
      tally.take(Math.round(Date.now() / 1000) * 1000).forEach((summary, part) => {
        bus.publish(subjects.calls, { hub, part: String(part) }, summary);
      });
    } catch (thrown) {
      log.error({ err: thrown }, `the calls of a second were not told: ${errorText(thrown)}`);
    }
    schedule();
  };
  // All hubs tell at the same moments, as far as their clocks go alike; a timer that fires early makes no second of its own.
  const schedule = () => {
    timer = setTimeout(tell, 1500 - ((Date.now() + 500) % 1000)).unref();
  };
  schedule();
  return () => clearTimeout(timer);
}
