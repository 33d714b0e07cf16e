import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { registerExchangeMetrics } from '../rpc/exchange-metrics.js';
import type { ExchangeStats } from '../rpc/exchange-state.js';
import { statusNames } from '../rpc/status.js';
import type { CallStats } from './call-stats.js';
import { nameOf, registerNodeMetrics } from './node-metrics.js';
import type { Nodes } from './nodes.js';
import type { Readiness } from './readiness.js';

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
  hub: {
    nodes: Nodes;
    stats: CallStats;
    traffic: () => ExchangeStats;
    readiness: Pick<Readiness, 'notReady'>;
  },
): () => void {
  const registers = [registry];
  new Counter({
    name: 'postern_calls_total',
    help: 'Calls that ended, by node (empty: the hub itself, or refused at the door; *: beyond the first 1,000) and gRPC status.',
    labelNames: ['node', 'status'],
    registers,
    collect() {
      this.reset();
      const add = (node: string, ended: ReadonlyMap<number, number>) => {
        for (const [status, count] of ended)
          this.inc({ node, status: statusNames[status] ?? 'UNKNOWN' }, count);
      };
      add('', hub.stats.ended);
      let at = 0;
      for (const view of hub.nodes.all()) add(nameOf(view, at++), view.ended);
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
  registerNodeMetrics(registry, hub.nodes);
  new Gauge({
    name: 'postern_hub_ready',
    help: '1 while the hub can do its work, as /readyz says; else 0.',
    registers,
    collect() {
      this.set(hub.readiness.notReady === undefined ? 1 : 0);
    },
  });
  new Counter({
    name: 'postern_call_bytes_total',
    help: 'Bytes of the calls that ended: requests that came in, responses that went out.',
    labelNames: ['direction'],
    registers,
    collect() {
      this.reset();
      this.inc({ direction: 'request' }, hub.stats.requestBytes);
      this.inc({ direction: 'response' }, hub.stats.responseBytes);
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
