import type { IncomingHttpHeaders } from 'node:http2';
import type { CallHead, RawMetadata } from '../rpc/call.js';
import { forwardableMetadata } from '../rpc/metadata.js';
import { parseGrpcTimeout } from '../rpc/timeout.js';

/** Why a request is no gRPC call. */
export interface RequestRefusal {
  readonly ok: false;
  /** HTTP status to answer: 200 where a gRPC client will read `status`. */
  readonly httpStatus: number;
  /** gRPC status code. */
  readonly status: number;
  readonly message: string;
}

/** A gRPC call, whose caller is not known yet. */
export interface ReadRequest {
  readonly ok: true;
  readonly head: Omit<CallHead, 'caller'>;
  /** E.g. `application/grpc+proto`. */
  readonly contentType: string;
}

/** `application/grpc`, alone or with a suffix or parameters. */
const grpcContentType = /^application\/grpc([+;].*)?$/i;

/**
 * Reads the header block of a request as a gRPC call. `content-type`, `user-agent`, `grpc-encoding` and
 * `grpc-accept-encoding` stay in the metadata.
 *
 * Bad input is answered as grpc-go does: INTERNAL for a bad `grpc-timeout`, UNIMPLEMENTED for a bad method name,
 * HTTP 415 and 405 for what is no gRPC at all.
 */
export function readRequest(
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
): ReadRequest | RequestRefusal {
  return readRequestWith(headers, forwardableMetadata(rawHeaders));
}

/** The same; `metadata` is what `forwardableMetadata` makes of the header block. */
export function readRequestWith(
  headers: IncomingHttpHeaders,
  metadata: RawMetadata,
): ReadRequest | RequestRefusal {
  if (headers[':method'] !== 'POST') {
    return refusal(405, 13, `a gRPC call is a POST, not ${headers[':method'] ?? 'nothing'}`);
  }
  const contentType = headers['content-type'] ?? '';
  if (!isGrpcContentType(contentType)) {
    return refusal(415, 3, `a gRPC call has the content type application/grpc, not '${contentType}'`);
  }
  const authority = headers[':authority'] ?? headers.host ?? '';
  const head = readHead(headers[':path'] ?? '', authority, headers['grpc-timeout'], metadata);
  return head.ok ? { ok: true, head: head.head, contentType } : head;
}

/** The head of a call, as every protocol that carries gRPC has it, or why there is none. */
export function readHead(
  path: string,
  authority: string,
  timeout: string | string[] | undefined,
  metadata: RawMetadata,
): Omit<ReadRequest, 'contentType'> | RequestRefusal {
  if (!path.startsWith('/') || path.indexOf('/', 1) < 0) {
    return refusal(200, 12, `malformed method name: '${path}'`);
  }
  let timeoutMs: number | undefined;
  if (timeout !== undefined) {
    timeoutMs = typeof timeout === 'string' ? parseGrpcTimeout(timeout) : undefined;
    if (timeoutMs === undefined) return refusal(200, 13, `malformed grpc-timeout: '${String(timeout)}'`);
    if (timeoutMs <= 0) return refusal(200, 4, 'the deadline has passed before the call arrived');
  }
  return { ok: true, head: { path, authority, metadata, timeoutMs } };
}

/** True for `application/grpc` with any suffix. */
export function isGrpcContentType(contentType: string): boolean {
  return grpcContentType.test(contentType);
}

function refusal(httpStatus: number, status: number, message: string): RequestRefusal {
  return { ok: false, httpStatus, status, message };
}
