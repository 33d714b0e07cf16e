import { z } from 'zod';
import { launchDaemon, launchOrder } from './launch.js';
import { dropTable } from './nft.js';
import { continueProcesses, processRef } from './signals.js';

/** What takes a fault back, whoever does it: this agent, its guardian, or the next agent. */
export const undo = z.discriminatedUnion('do', [
  /** Lets processes go on. */
  z.object({ do: z.literal('continue'), processes: z.array(processRef) }),
  /** Starts the daemon again. */
  z.object({ do: z.literal('launch'), order: launchOrder }),
  /** Removes a table of nftables; the kernel has healed what it did `leaseMs` after the agent is gone. */
  z.object({ do: z.literal('drop-table'), nft: z.string(), table: z.string(), leaseMs: z.number() }),
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
  if (what.do === 'launch') return launchDaemon(what.order);
  await dropTable(what.nft, what.table);
  return undefined;
}
