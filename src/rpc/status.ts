/** gRPC status codes, their names, their text on the wire, and what stands for them in HTTP. */

import { status, statusNames } from '../grpc-status.js';
import type { RawMetadata } from './call.js';
import { getMetadata } from './metadata.js';

export { status, statusNames };

/**
 * The status that trailers tell. UNKNOWN where it is missing or no code, as gRPC clients take it: so what is counted by
 * status stays small, whatever a server says.
 */
export function statusOfTrailers(metadata: RawMetadata): number {
  const text = getMetadata(metadata, 'grpc-status') ?? '';
  const code = /^\d{1,2}$/.test(text) ? Number(text) : status.UNKNOWN;
  return code < statusNames.length ? code : status.UNKNOWN;
}

/** `grpc-message` as it goes on the wire: UTF-8, percent-encoded outside of printable ASCII (doc/PROTOCOL-HTTP2.md). */
export function encodeGrpcMessage(message: string): string {
  if (/^[\x20-\x24\x26-\x7e]*$/.test(message)) return message;
  let encoded = '';
  for (const byte of Buffer.from(message, 'utf8')) {
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** The text of a `grpc-message`. A broken escape stays as it is; bytes that are no UTF-8 become U+FFFD. */
export function decodeGrpcMessage(encoded: string): string {
  if (!encoded.includes('%')) return encoded;
  return encoded.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** The gRPC status for an HTTP status without `grpc-status` (doc/http-grpc-status-mapping.md). */
export function httpToStatus(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
      return status.INTERNAL;
    case 401:
      return status.UNAUTHENTICATED;
    case 403:
      return status.PERMISSION_DENIED;
    case 404:
      return status.UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return status.UNAVAILABLE;
    default:
      return status.UNKNOWN;
  }
}

/** The gRPC status for an HTTP/2 error code of RST_STREAM or GOAWAY (doc/PROTOCOL-HTTP2.md, "Errors"). */
export function rstToStatus(errorCode: number): number {
  switch (errorCode) {
    case 0x7: // REFUSED_STREAM
      return status.UNAVAILABLE;
    case 0x8: // CANCEL
      return status.CANCELLED;
    case 0xb: // ENHANCE_YOUR_CALM
      return status.RESOURCE_EXHAUSTED;
    case 0xc: // INADEQUATE_SECURITY
      return status.PERMISSION_DENIED;
    default:
      return status.INTERNAL;
  }
}
