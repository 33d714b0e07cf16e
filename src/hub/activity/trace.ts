import type { RawMetadata } from '../../rpc/call.js';

/** Version, trace id, parent id and flags, as W3C Trace Context has it (§3.2); later versions may add more behind. */
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/** The trace id that the metadata name; undefined: none that is valid. */
export function traceOf(metadata: RawMetadata): string | undefined {
  for (let i = 0; i < metadata.length; i += 2) {
    if (metadata[i] === 'traceparent') return traceparent.exec(metadata[i + 1] ?? '')?.[1];
  }
  return undefined;
}
