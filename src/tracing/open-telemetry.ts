import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  createTraceState,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Logger } from '../log.js';
import { readTraceparent, writeTraceparent } from './context.js';
import { Delivery } from './delivery.js';
import type { Environment } from './settings.js';
import { isError, pathFacts, shortText } from './span-facts.js';
import type { CallSpan, SpanCounts, SpanEnd, SpanStart, Tracing } from './tracing.js';

/** How long a process that ends still tries to send its spans, in milliseconds. */
const flushMs = 3_000;

/** Makes spans with OpenTelemetry's own SDK, which reads the rest of the environment itself. */
export function startOpenTelemetry(options: {
  readonly service: string;
  readonly version: string;
  readonly env: Environment;
  readonly log: Logger;
}): Tracing {
  const { service, version, env, log } = options;
  const told = (message: string) => log.warn({ why: message }, 'OpenTelemetry complains');
  const quiet = () => {};
  const logger = { error: told, warn: told, info: quiet, debug: quiet, verbose: quiet };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const counts: SpanCounts = { ended: 0, taken: 0, lost: 0 };
  const delivery = new Delivery(new OTLPTraceExporter(), counts, log);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': service,
      'service.version': version,
      'service.instance.id': randomUUID(),
      'host.name': hostname(),
      'process.pid': process.pid,
    }).merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(delivery)],
  });
  const tracer = provider.getTracer('postern', version);
  const heeds = (env.OTEL_TRACES_SAMPLER?.trim() || 'parentbased_always_on').startsWith('parentbased_');
  let stopped: Promise<void> | undefined;
  return {
    counts,
    begin: (start) => unrecorded(start, heeds) ?? begin(tracer, start, counts),
    stop: () => {
      stopped ??= withinFlush(provider.shutdown());
      return stopped;
    },
  };
}

/**
 * What a call gets whose trace is not recorded by whoever is above, where the sampler heeds that; undefined: the sampler
 * has to be asked. Most calls of a busy hub are such, and the SDK costs some microseconds for each.
 */
function unrecorded({ traceparent }: SpanStart, heeds: boolean): CallSpan | undefined {
  if (!heeds || traceparent === undefined) return undefined;
  const above = readTraceparent(traceparent);
  if (above === undefined || above.sampled) return undefined;
  return { traceId: above.traceId, traceparent, recording: false, end: nothing };
}

function begin(tracer: Tracer, start: SpanStart, counts: SpanCounts): CallSpan {
  const above = readTraceparent(start.traceparent);
  const context =
    above === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, {
          traceId: above.traceId,
          spanId: above.spanId,
          traceFlags: above.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
          isRemote: true,
          ...(start.tracestate === undefined ? {} : { traceState: createTraceState(start.tracestate) }),
        });
  const { name, attributes } = pathFacts(start.path);
  const kind = start.kind === 'server' ? SpanKind.SERVER : SpanKind.CLIENT;
  const span = tracer.startSpan(name, { kind, attributes }, context);
  if (span.isRecording()) return new RecordedSpan(span, start.kind, counts);
  if (above !== undefined && start.traceparent !== undefined) {
    return { traceId: above.traceId, traceparent: start.traceparent, recording: false, end: nothing };
  }
  const { traceId, spanId } = span.spanContext();
  const traceparent = writeTraceparent({ traceId, spanId, sampled: false });
  return { traceId, traceparent, recording: false, end: nothing };
}

function nothing(): void {}

class RecordedSpan implements CallSpan {
  readonly recording = true;
  readonly traceId: string;
  readonly traceparent: string;
  readonly #span: Span;
  readonly #kind: SpanStart['kind'];
  readonly #counts: SpanCounts;

  constructor(span: Span, kind: SpanStart['kind'], counts: SpanCounts) {
    const { traceId, spanId } = span.spanContext();
    this.traceId = traceId;
    this.traceparent = writeTraceparent({ traceId, spanId, sampled: true });
    this.#span = span;
    this.#kind = kind;
    this.#counts = counts;
  }

  end({ status, message, node, instance, caller, code }: SpanEnd): void {
    const span = this.#span;
    span.setAttribute('rpc.grpc.status_code', status);
    if (node !== undefined) span.setAttribute('postern.node', node);
    if (instance !== undefined) span.setAttribute('postern.instance', instance);
    if (caller !== undefined && caller !== '') span.setAttribute('postern.caller', shortText(caller));
    if (code !== undefined) span.setAttribute('postern.code', code);
    if (isError(this.#kind, status)) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: shortText(message) });
    }
    span.end();
    this.#counts.ended++;
  }
}

/** Waits for the last spans, but not for a collector that does not answer. Never rejects. */
async function withinFlush(sent: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, flushMs);
  });
  await Promise.race([sent.catch(() => {}), late]);
  clearTimeout(timer);
}
