import type { NodeInput, NodePast } from '../../machines/node.js';
import type { NodeEntry } from '../bus/messages.js';

/** What the registry remembers of a node, as its machine takes it. */
export function remembered(entry: NodeEntry): NodeInput {
  return {
    node: entry.name,
    past: pastOf(entry),
    epoch: entry.epoch,
    instances: entry.instances,
    drained: entry.drained !== undefined,
  };
}

function pastOf(entry: NodeEntry): NodePast {
  if (entry.revokedAtMs !== undefined) return 'revoked';
  return entry.lastSeenAtMs > 0 ? 'seen' : 'never';
}
