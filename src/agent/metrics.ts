import { Gauge, type Registry } from 'prom-client';
import { registerExchangeMetrics } from '../rpc/exchange-metrics.js';
import type { Serving } from '../rpc/serving.js';
import type { Upstreams } from './upstreams.js';

/** Registers what an agent holds, to be read at each scrape. */
export function registerAgentMetrics(
  registry: Registry,
  agent: { serving: Pick<Serving, 'traffic'>; upstreams: Pick<Upstreams, 'inFlight' | 'connections'> },
): void {
  registerExchangeMetrics(registry, () => agent.serving.traffic());
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
