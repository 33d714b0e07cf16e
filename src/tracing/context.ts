import type { RawMetadata } from '../rpc/call.js';
import { getMetadata } from '../rpc/metadata.js';

/** Version, trace id, parent id and flags, as W3C Trace Context has it (§3.2); later versions may add more behind. */
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

/** Where a call stands in a trace. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Of the span above, 16 hexadecimal digits. */
  readonly spanId: string;
  /** Whoever made that span recorded it. */
  readonly sampled: boolean;
}

/** What a `traceparent` says; undefined: nothing that is valid. */
export function readTraceparent(text: string | undefined): TraceParent | undefined {
  const read = text === undefined ? null : traceparent.exec(text);
  if (read === null) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = read;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Version 00 of a `traceparent`. */
export function writeTraceparent({ traceId, spanId, sampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** The trace id that the metadata name; undefined: none that is valid. */
export function traceOf(metadata: RawMetadata): string | undefined {
  return readTraceparent(getMetadata(metadata, 'traceparent'))?.traceId;
}

/** All `tracestate` of the metadata as one, as RFC 9110 §5.2 joins fields; undefined: there is none. */
export function tracestateOf(metadata: RawMetadata): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i < metadata.length; i += 2) {
    if (metadata[i] !== 'tracestate') continue;
    const value = metadata[i + 1] ?? '';
    joined = joined === undefined ? value : `${joined},${value}`;
  }
  return joined;
}

/**
 * The metadata with another `traceparent`, in the place of the first one, else at the end. `tracestate` stays where it
 * belongs to the same trace, and goes where it does not (W3C Trace Context §3.3).
 */
export function withTraceparent(metadata: RawMetadata, value: string): RawMetadata {
  const before = getMetadata(metadata, 'traceparent');
  if (before === value) return metadata;
  if (before === undefined && getMetadata(metadata, 'tracestate') === undefined) {
    return [...metadata, 'traceparent', value];
  }
  const sameTrace = readTraceparent(before)?.traceId === readTraceparent(value)?.traceId;
  const written: string[] = [];
  let placed = false;
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    if (name === 'traceparent') {
      if (!placed) written.push(name, value);
      placed = true;
    } else if (sameTrace || name !== 'tracestate') written.push(name, metadata[i + 1] ?? '');
  }
  if (!placed) written.push('traceparent', value);
  return written;
}
