import type { Evidence } from './evidence.js';
import type { Histories } from './histories.js';
import type { Delivery } from './judgement.js';
import type { Troubled } from './troubled.js';

/** Deliveries that are told. */
const mostDeliveries = 2_000;

/** Deliveries to draw: those of troubled messages, the worst first, and of others evenly. Of a message all or none. */
export function chooseDeliveries(
  evidence: Evidence,
  troubled: readonly Troubled[],
  histories: Histories,
): Delivery[] {
  const { layout, messages } = evidence;
  const chosen: Delivery[] = [];
  const taken = new Set<number>();
  const take = (test: (typeof layout.tests)[number], message: number): void => {
    const ways = histories.deliveries(test, message);
    if (taken.has(message) || chosen.length + ways.length > mostDeliveries) return;
    taken.add(message);
    for (const way of ways) chosen.push(way);
  };
  for (const one of troubled) if ('message' in one) take(one.test, one.message);
  const received = layout.tests.filter(({ isReceived }) => isReceived);
  const most = Math.max(1, ...received.map(({ members }) => members.length - 1));
  const room = Math.max(1, Math.floor((mostDeliveries - chosen.length) / most));
  const step = Math.ceil(messages.count / room);
  let seen = 0;
  for (const test of received) {
    for (const at of test.members.keys()) {
      for (const message of messages.ofLane(test.firstLane + at)) {
        if (seen++ % step === 0) take(test, message);
      }
    }
  }
  return chosen;
}
