import { type Identity, maySee } from '../auth/identity.js';
import type { Labels } from '../auth/node-patterns.js';
import type { NodeView } from './node-view.js';

const noLabels: Labels = {};

/** What selectors of tokens look at: never what a node says of itself. Undefined: the node is not known. */
export function grantedLabels(view: Pick<NodeView, 'entry'> | undefined): Labels | undefined {
  return view === undefined ? undefined : (view.entry.granted ?? noLabels);
}

/** True when the node is one of those that the caller's token is about. */
export function covers(
  caller: Pick<Identity, 'nodes'>,
  node: string,
  nodes: { view(name: string): Pick<NodeView, 'entry'> | undefined },
): boolean {
  return maySee(caller, node, grantedLabels(nodes.view(node)));
}
