import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { registerActorMetrics } from '../actors/actor-metrics.js';
import { posternVersion } from '../package-info.js';

/**
 * A registry that tells of this process already: memory, CPU, open files, timers and other handles (`nodejs_`,
 * `process_`), its version, and what its actors do.
 */
export function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'postern_build_info',
    help: 'Always 1; its label says which version of Postern runs.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: posternVersion() }, 1);
  registerActorMetrics(registry);
  return registry;
}
