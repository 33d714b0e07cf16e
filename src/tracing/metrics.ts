import { Counter, type Registry } from 'prom-client';
import type { Tracing } from './tracing.js';

/** Registers how many spans there were, to be read at each scrape. */
export function registerTraceMetrics(registry: Registry, { counts }: Pick<Tracing, 'counts'>): void {
  new Counter({
    name: 'postern_trace_spans_total',
    help: 'Spans by what became of them: all that ended, those that a collector has taken, those that it has not.',
    labelNames: ['what'],
    registers: [registry],
    collect() {
      this.reset();
      for (const what of ['ended', 'taken', 'lost'] as const) this.inc({ what }, counts[what]);
    },
  });
}
