import type { RawMetadata } from '../rpc/call.js';
import { getMetadata } from '../rpc/metadata.js';
import { tracestateOf } from './context.js';
import type { CallSpan, Tracing } from './tracing.js';

/** The span of a call that came in here with these metadata; undefined where no spans are made. */
export function servedSpan(
  tracing: Tracing | undefined,
  path: string,
  metadata: RawMetadata,
): CallSpan | undefined {
  return tracing?.begin({
    kind: 'server',
    path,
    traceparent: getMetadata(metadata, 'traceparent'),
    tracestate: tracestateOf(metadata),
  });
}

/**
 * What is passed on beside the metadata of a call: its span, where that is not what the metadata say already. So a call
 * that is not recorded passes as it came.
 */
export function traceparentBelow(span: CallSpan | undefined, metadata: RawMetadata): string | undefined {
  return span === undefined || span.traceparent === getMetadata(metadata, 'traceparent')
    ? undefined
    : span.traceparent;
}
