import { z } from 'zod';
import { linkState, putUp } from './kernel/link-state.js';
import { dropTable } from './kernel/nft.js';
import { dropQdisc } from './kernel/qdisc.js';
import { launchOrder } from './process/launch.js';
import { relaunch } from './process/relaunch.js';
import { continueProcesses, processRef } from './process/signals.js';

/** What takes a fault back, whoever does it: this agent, its guardian, or the next agent. */
export const undo = z.discriminatedUnion('do', [
  /** Lets processes go on. */
  z.object({ do: z.literal('continue'), processes: z.array(processRef) }),
  /** Starts the daemon again as it was, when whom it has `ended` is gone, and whoever has the clock with that `mark`. */
  z.object({
    do: z.literal('launch'),
    order: launchOrder,
    ended: z.array(processRef).default([]),
    mark: z.string().default(''),
  }),
  /** Removes a table of nftables; the kernel has healed what it did `leaseMs` after the agent is gone. */
  z.object({ do: z.literal('drop-table'), nft: z.string(), table: z.string(), leaseMs: z.number() }),
  /** Gives an interface the kernel's own queueing discipline back, where it still has ours. */
  z.object({ do: z.literal('drop-qdisc'), tc: z.string(), device: z.string(), handle: z.string() }),
  /** Puts up an interface that was up, with the addresses and routes that it had. */
  z.object({ do: z.literal('link-up'), ip: z.string(), state: linkState }),
]);
export type Undo = z.infer<typeof undo>;

/** An undo that is safe on disk before what it undoes is done. */
export const intent = z.object({
  v: z.literal(1),
  undo,
  /** The agent that does it: whose guardian undoes it. */
  owner: z.string(),
  /** When it is to be undone at the latest, Unix milliseconds. */
  endsAtMs: z.number(),
});
export type Intent = z.infer<typeof intent>;

/** Does it; once more changes nothing. Resolves to what people should know, or undefined. Rejects where it did not work. */
export async function carryOut(what: Undo): Promise<string | undefined> {
  if (what.do === 'continue') return continueProcesses(what.processes);
  if (what.do === 'launch') return relaunch(what.order, what);
  if (what.do === 'drop-qdisc') return dropQdisc(what.tc, what.device, what.handle);
  if (what.do === 'link-up') return putUp(what.ip, what.state);
  await dropTable(what.nft, what.table);
  return undefined;
}
