import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../log.js';
import type { SpanCounts } from './tracing.js';

/** What an exporter says when a batch is through. */
type Outcome = Parameters<SpanExporter['export']>[1];

/** The number of `ExportResultCode.SUCCESS`. */
const success = 0;

/** Hands spans on to an exporter, counts them, and says once when they are not taken, and once when they are again. */
export class Delivery implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #counts: SpanCounts;
  readonly #log: Logger;
  /** Spans lost since they are not taken; undefined: they are. */
  #lost: number | undefined;

  constructor(exporter: SpanExporter, counts: SpanCounts, log: Logger) {
    this.#exporter = exporter;
    this.#counts = counts;
    this.#log = log;
  }

  export(spans: ReadableSpan[], done: Outcome): void {
    this.#exporter.export(spans, ({ code, error }) => {
      if (code === success) this.#taken(spans.length);
      else this.#failed(spans.length, error);
      // It was told here: the SDK has nothing to say about it.
      done({ code: success });
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  #taken(spans: number): void {
    this.#counts.taken += spans;
    if (this.#lost === undefined) return;
    this.#log.info({ lost: this.#lost }, 'traces are taken again');
    this.#lost = undefined;
  }

  #failed(spans: number, error: Error | undefined): void {
    this.#counts.lost += spans;
    if (this.#lost === undefined) {
      const why = (error?.message ?? 'no reason was given').slice(0, 512);
      this.#log.warn({ why }, 'traces are not taken; calls go on without them');
    }
    this.#lost = (this.#lost ?? 0) + spans;
  }
}
