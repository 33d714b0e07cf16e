import type { Layout } from './layout.js';
import type { Messages } from './messages.js';
import type { Receipts } from './receipts.js';

/**
 * Finds the messages that came live to a receiver after one that the same sender sent later. For each receipt: by how many
 * numbers the highest one that had come before was ahead of it; 0: none was. Only where a message came for the first time counts.
 */
export function displacements(layout: Layout, messages: Messages, receipts: Receipts): Uint32Array {
  const displaced = new Uint32Array(receipts.count);
  const firsts = firstReceipts(layout, messages, receipts);
  /** By lane and receiver: the highest number that came. */
  const widest = Math.max(0, ...layout.tests.map(({ members }) => members.length));
  const highest = new Uint32Array(layout.lanes * widest);
  for (let receipt = 0; receipt < receipts.count; receipt++) {
    if (firsts[receipt] !== 1 || receipts.way(receipt) !== 'live') continue;
    const message = receipts.message(receipt);
    const seq = messages.seq(message);
    const which = messages.lane(message) * widest + receipts.member(receipt);
    const before = highest[which] ?? 0;
    if (seq < before) displaced[receipt] = before - seq;
    else highest[which] = seq;
  }
  return displaced;
}

/** By receipt: 1 where it is the first one of its message at its receiver that holds what it must. */
function firstReceipts(layout: Layout, messages: Messages, receipts: Receipts): Uint8Array {
  const firsts = new Uint8Array(receipts.count);
  const widest = Math.max(0, ...layout.tests.map(({ members }) => members.length));
  /** By receiver: the last message, counted from 1, that was found to have come. */
  const found = new Uint32Array(widest);
  for (let message = 0; message < messages.count; message++) {
    for (let at = messages.firstReceipt.at(message); at >= 0; at = receipts.next(at)) {
      const member = receipts.member(at);
      if (found[member] === message + 1 || !receipts.isRight(at)) continue;
      found[member] = message + 1;
      firsts[at] = 1;
    }
  }
  return firsts;
}
