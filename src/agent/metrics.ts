import { Gauge, type Registry } from 'prom-client';
import type { LinkSnapshot } from '../../machines/link.js';
import { stateName } from '../../machines/state-name.js';
import { registerExchangeMetrics } from '../rpc/exchange-metrics.js';
import type { Serving } from '../rpc/serving.js';
import type { Upstreams } from './upstreams.js';

/** Registers what an agent holds, to be read at each scrape. */
export function registerAgentMetrics(
  registry: Registry,
  agent: {
    node: string;
    serving: Pick<Serving, 'traffic'>;
    upstreams: Pick<Upstreams, 'inFlight' | 'connections'>;
    link: () => LinkSnapshot;
  },
): void {
  registerExchangeMetrics(registry, () => agent.serving.traffic());
  new Gauge({
    name: 'postern_agent_link_state',
    help: 'Always 1; its labels say for whom the agent serves, and in which state its link to the hubs is.',
    labelNames: ['node', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      this.set({ node: agent.node, state: stateName(agent.link()) }, 1);
    },
  });
  new Gauge({
    name: 'postern_agent_upstream_calls',
    help: 'Calls that are open towards the local servers, or wait for a connection.',
    registers: [registry],
    collect() {
      this.set(agent.upstreams.inFlight);
    },
  });
  new Gauge({
    name: 'postern_agent_upstream_connections',
    help: 'Connections to the local servers.',
    registers: [registry],
    collect() {
      this.set(agent.upstreams.connections);
    },
  });
}
