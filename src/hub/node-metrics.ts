import { Gauge, type Registry } from 'prom-client';
import type { NodeView } from './node-view.js';
import type { Nodes } from './nodes.js';

/** So many nodes are told by name, and the others together under `*`, so that a page of metrics has an end. */
const mostNamed = 1_000;

/** What metrics call the node at this place among all nodes. */
export function nameOf({ name }: NodeView, at: number): string {
  return at < mostNamed ? name : '*';
}

function* named(nodes: Nodes): Iterable<NodeView> {
  let at = 0;
  for (const view of nodes.all()) {
    if (at++ >= mostNamed) return;
    yield view;
  }
}

/** Registers what the hub knows of nodes, by the states of their machines, to be read at each scrape. */
export function registerNodeMetrics(registry: Registry, nodes: Nodes): void {
  const registers = [registry];
  new Gauge({
    name: 'postern_nodes',
    help: 'Nodes by state.',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset();
      for (const { state } of nodes.all()) this.inc({ state });
    },
  });
  new Gauge({
    name: 'postern_node_state',
    help: 'Always 1; its labels say in which state a node is, as its machine calls it: the first 1,000 nodes.',
    labelNames: ['node', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { name, state } of named(nodes)) this.set({ node: name, state }, 1);
    },
  });
  new Gauge({
    name: 'postern_node_open_calls',
    help: 'Calls from this hub that are open towards a node: the first 1,000 nodes.',
    labelNames: ['node'],
    registers,
    collect() {
      this.reset();
      for (const { name, openCalls } of named(nodes)) this.set({ node: name }, openCalls);
    },
  });
}
