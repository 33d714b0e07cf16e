import type { ClientHttp2Stream, ClientSessionRequestOptions, OutgoingHttpHeaders } from 'node:http2';
import { addAbortSignal } from 'node:stream';
import type { CallHead } from '../rpc/call.js';
import { formatGrpcTimeout } from '../rpc/timeout.js';
import { addMetadata } from './headers.js';

/** Options of every request; all that Node would add for each are there already. */
export const requestOptions: ClientSessionRequestOptions & { readonly silent: boolean } = {
  endStream: false,
  weight: 16,
  parent: 0,
  exclusive: false,
  silent: false,
};

/**
 * The header block that opens a call. Throws `MetadataError` on metadata that it cannot carry.
 * @param remainingMs what is left of the deadline; not sent when the call has none.
 */
export function requestHeaders(
  head: CallHead,
  scheme: string,
  authority: string,
  remainingMs: number,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null);
  headers[':method'] = 'POST';
  headers[':scheme'] = scheme;
  headers[':authority'] = authority;
  headers[':path'] = head.path;
  headers.te = 'trailers';
  if (head.timeoutMs !== undefined) headers['grpc-timeout'] = formatGrpcTimeout(remainingMs);
  addMetadata(headers, head.metadata);
  headers['content-type'] ??= 'application/grpc';
  return headers;
}

/**
 * Resets a stream with CANCEL. `stream.close(CANCEL)` would send END_STREAM first, which a server may take for the
 * good end of a request; an aborted stream sends the reset alone.
 */
export function sendCancel(stream: ClientHttp2Stream): void {
  addAbortSignal(AbortSignal.abort(), stream);
}

/** True for what Node throws when a session takes no more requests. */
export function isSessionGone(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  return (
    thrown.code === 'ERR_HTTP2_GOAWAY_SESSION' ||
    thrown.code === 'ERR_HTTP2_INVALID_SESSION' ||
    thrown.code === 'ERR_HTTP2_OUT_OF_STREAMS'
  );
}
