import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { registerExchangeMetrics } from '../rpc/exchange-metrics.js';
import type { ExchangeStats } from '../rpc/exchange-state.js';
import { statusNames } from '../rpc/status.js';
import type { CallStats } from './call-stats.js';
import type { Nodes } from './nodes.js';

/** How long served calls took: told once per call, read at each scrape. */
export function callDuration(registry: Registry): (seconds: number) => void {
  const histogram = new Histogram({
    name: 'postern_call_duration_seconds',
    help: 'How long calls were open at the front door.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600],
    registers: [registry],
  });
  return (seconds) => histogram.observe(seconds);
}

/** Registers what is counted elsewhere, to be read at each scrape. Returns what frees it. */
export function registerHubMetrics(
  registry: Registry,
  hub: { nodes: Nodes; stats: CallStats; traffic: () => ExchangeStats },
): () => void {
  const registers = [registry];
  new Counter({
    name: 'postern_calls_total',
    help: 'Calls that ended, by node (empty: the hub itself, or refused at the door) and gRPC status.',
    labelNames: ['node', 'status'],
    registers,
    collect() {
      this.reset();
      const add = (node: string, ended: ReadonlyMap<number, number>) => {
        for (const [status, count] of ended)
          this.inc({ node, status: statusNames[status] ?? 'UNKNOWN' }, count);
      };
      add('', hub.stats.ended);
      for (const view of hub.nodes.all()) add(view.name, view.ended);
    },
  });
  new Gauge({
    name: 'postern_calls_in_flight',
    help: 'Calls that are open at the front door.',
    registers,
    collect() {
      this.set(hub.stats.inFlight);
    },
  });
  new Gauge({
    name: 'postern_nodes',
    help: 'Nodes by state.',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset();
      for (const { state } of hub.nodes.all()) this.inc({ state });
    },
  });
  registerExchangeMetrics(registry, hub.traffic);
  return registerLoopDelay(registry);
}

function registerLoopDelay(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  new Gauge({
    name: 'postern_loop_delay_seconds',
    help: "Delay of the process's event loop since the last scrape.",
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      for (const quantile of [0.5, 0.99, 1]) {
        this.set({ quantile }, (delay.count === 0 ? 0 : delay.percentile(quantile * 100)) / 1e9);
      }
      delay.reset();
    },
  });
  return () => delay.disable();
}
