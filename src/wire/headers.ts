import type { OutgoingHttpHeaders } from 'node:http2';
import type { RawMetadata } from '../rpc/call.js';
import { hopByHopNames } from '../rpc/metadata.js';

/** Names that Node's HTTP/2 sends only once; several values are joined, which gRPC allows (all are text). */
const singleValued = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-encoding',
  'content-language',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
]);

/** RFC 9110 token characters, lower case as HTTP/2 demands. */
const headerName = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/;
/** No control characters: Node joins header fields with NUL, and peers treat the others as a connection error. */
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** HTTP/2 forbids blanks around a value and receivers drop such a field, whereas gRPC allows to strip them. */
const edgeBlank = /^[\t ]|[\t ]$/;
const outerBlanks = /^[\t ]+|(?<![\t ])[\t ]+$/g;

/** Metadata that no HTTP/2 header block can carry. */
export class MetadataError extends Error {
  override readonly name = 'MetadataError';
}

/**
 * Adds metadata to headers that will be sent. The values of one name keep their order; hop-by-hop names are left
 * out. Throws `MetadataError` on what a header block cannot carry.
 */
export function addMetadata(headers: OutgoingHttpHeaders, metadata: RawMetadata): void {
  if (metadata.length % 2 !== 0) throw new MetadataError('metadata has a name without a value');
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    const value = metadata[i + 1] ?? '';
    // `:authority` and a header of its own stand for these two.
    if (hopByHopNames.has(name) || name === 'host' || name === 'grpc-timeout') continue;
    if (!headerName.test(name))
      throw new MetadataError(`metadata has an invalid name ${JSON.stringify(name)}`);
    if (!headerValue.test(value))
      throw new MetadataError(`the value of metadata '${name}' is no header value`);
    addHeader(headers, name, edgeBlank.test(value) ? value.replace(outerBlanks, '') : value);
  }
}

function addHeader(headers: OutgoingHttpHeaders, name: string, value: string): void {
  const earlier = headers[name];
  if (earlier === undefined) headers[name] = value;
  else if (name === 'content-type') return;
  // RFC 9110 §5.6.1.2: empty elements of a list are none; with one at its end the value would end in a blank, and be dropped.
  else if (singleValued.has(name)) headers[name] = [String(earlier), value].filter(Boolean).join(', ');
  else if (Array.isArray(earlier)) earlier.push(value);
  else headers[name] = [String(earlier), value];
}
