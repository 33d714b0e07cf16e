import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry that tells of this process already: memory, CPU, open files, timers and other handles (`nodejs_`, `process_`). */
export function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
