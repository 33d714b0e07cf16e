import type { RawMetadata } from './call.js';

/**
 * Headers that belong to one connection and are never passed on (RFC 9110 section 7.6.1, RFC 9113 section 8.2.2),
 * and those that each hop writes anew.
 */
export const hopByHopNames: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'grpc-timeout',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** Value of the first header of that (lower-case) name. */
export function getMetadata(metadata: RawMetadata, name: string): string | undefined {
  for (let i = 0; i < metadata.length; i += 2) {
    if (metadata[i] === name) return metadata[i + 1];
  }
  return undefined;
}

/** The same metadata without those (lower-case) names. */
export function withoutMetadata(metadata: RawMetadata, ...names: readonly string[]): RawMetadata {
  const kept: string[] = [];
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    if (!names.includes(name)) kept.push(name, metadata[i + 1] ?? '');
  }
  return kept;
}

/** The same metadata with one header more at the end. */
export function appendMetadata(metadata: RawMetadata, name: string, value: string): RawMetadata {
  return [...metadata, name, value];
}

/**
 * What a proxy passes on of HTTP/2 headers (names and values in turn, as Node's `rawHeaders`): order and doubles kept,
 * without pseudo-headers and hop-by-hop headers.
 */
export function forwardableMetadata(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    if (isForwardable(name)) kept.push(name, rawHeaders[i + 1] ?? '');
  }
  return kept;
}

/** Whether a proxy passes a header of this (lower-case) name on. */
export function isForwardable(name: string): boolean {
  return !name.startsWith(':') && !hopByHopNames.has(name);
}
