import type { Decision } from '../bus/compare-and-set.js';
import type { NodeEntry } from '../bus/messages.js';

/** Lets no new calls go to a node, or lets them again (undefined); the result says whether that is news. */
export function decideDrain(entry: NodeEntry, drained: NodeEntry['drained']): Decision<NodeEntry, boolean> {
  if ((entry.drained === undefined) === (drained === undefined)) return { result: false };
  const { drained: _, ...rest } = entry;
  return { write: drained === undefined ? rest : { ...rest, drained }, result: true };
}
