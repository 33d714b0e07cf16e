import { type IncomingMessage, METHODS } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { RawMetadata } from '../rpc/call.js';
import { endToEnd, withOneCookie } from './http-proxy-fields.js';

/** A request of any version of HTTP, read so that it can mean one thing only. */
export interface HttpHead {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly target: string;
  /** The target without its query. */
  readonly path: string;
  /** `HOST` or `HOST:PORT` as the client called it, '' where it did not say. */
  readonly authority: string;
  /** True when the client speaks TLS with us. */
  readonly secure: boolean;
  /** The fields that travel to the other end, names in lower case. */
  readonly fields: RawMetadata;
  /** Bytes of the body; `chunked` where they are not known before. */
  readonly body: number | 'chunked';
  /** The client sends its body when it is told to go on. */
  readonly expectsContinue: boolean;
  /** The client says that it reads trailers. */
  readonly takesTrailers: boolean;
}

/** Why a request is not taken, whoever sends it. */
export interface HttpFlaw {
  readonly status: number;
  readonly code: 'BAD_REQUEST';
  readonly message: string;
}

export type ReadHead = { readonly ok: true; readonly head: HttpHead } | ({ readonly ok: false } & HttpFlaw);

/** CONNECT is for forward proxies, and TRACE would show the client what we tell the service. */
const methods = new Set(METHODS.filter((method) => method !== 'CONNECT' && method !== 'TRACE'));
/** Host name or bracketed address, and a port; no user, nothing that needs quoting. */
const authorityShape = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::\d{1,5})?$/;
/** Visible ASCII without `#`, which no request may hold. */
const targetShape = /^\/[\x21\x22\x24-\x7e]*$/;

function flaw(message: string, status = 400): ReadHead {
  return { ok: false, status, code: 'BAD_REQUEST', message };
}

/** Reads a request of HTTP/1.1 or 1.0 that `Http1Door` has let pass, which refuses framings with two meanings. */
export function readHttp1(request: IncomingMessage): ReadHead {
  const { rawHeaders, headers, socket } = request;
  return read({
    method: request.method ?? '',
    target: request.url ?? '',
    authority: headers.host ?? '',
    secure: 'encrypted' in socket && socket.encrypted === true,
    raw: rawHeaders,
    body:
      headers['transfer-encoding'] === undefined
        ? lengthOf(valuesOf(rawHeaders, 'content-length'), 0)
        : 'chunked',
    expects: request.httpVersion === '1.1' ? headers.expect : undefined,
    te: headers.te,
  });
}

/**
 * Reads an HTTP/2 request that is to be told to a server that speaks HTTP/1.1. `Http2Door` has let it pass, which refuses
 * hosts that differ, and nghttp2, which refuses what belongs to a connection of HTTP/1.1.
 */
export function readHttp2(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
): ReadHead {
  const socket = stream.session?.socket;
  const lengths = valuesOf(rawHeaders, 'content-length');
  const answer = read({
    method: headers[':method'] ?? '',
    target: headers[':path'] ?? '',
    authority: headers[':authority'] ?? headers.host ?? '',
    secure: socket !== undefined && 'encrypted' in socket && socket.encrypted === true,
    raw: rawHeaders,
    body: stream.endAfterHeaders ? lengthOf(lengths, 0) : lengthOf(lengths, 'chunked'),
    expects: headers.expect,
    te: headers.te,
  });
  if (!answer.ok) return answer;
  return { ok: true, head: { ...answer.head, fields: withOneCookie([...answer.head.fields]) } };
}

function read(request: {
  method: string;
  target: string;
  authority: string;
  secure: boolean;
  raw: readonly string[];
  body: number | 'chunked' | undefined;
  expects: string | string[] | undefined;
  te: string | string[] | undefined;
}): ReadHead {
  const { method, target, authority, secure, body } = request;
  if (!methods.has(method)) return flaw('this method is not taken here', 501);
  if (!targetShape.test(target))
    return flaw('the target of a request is a path here, in visible ASCII characters');
  if (authority !== '' && !authorityShape.test(authority))
    return flaw('the host is no host name with a port');
  if (body === undefined) return flaw('content-length is no number, or there are two of them');
  if (request.expects !== undefined && String(request.expects).toLowerCase() !== '100-continue') {
    return flaw('the only expectation that is met here is 100-continue', 417);
  }
  const fields = endToEnd(request.raw);
  if (fields === undefined) return flaw('the name or the value of a header cannot be passed on');
  return {
    ok: true,
    head: {
      method,
      target,
      path: target.split('?', 1)[0] ?? target,
      authority,
      secure,
      fields,
      body,
      expectsContinue: request.expects !== undefined,
      takesTrailers: /(?:^|[,\s])trailers(?:$|[,;\s])/i.test(String(request.te ?? '')),
    },
  };
}

function lengthOf<T>(values: readonly string[], none: T): number | T | undefined {
  const [text] = values;
  if (text === undefined) return none;
  const length = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  return values.length === 1 ? length : undefined;
}

/** The values of all fields of that (lower-case) name. */
function valuesOf(raw: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() === name) values.push((raw[i + 1] ?? '').trim());
  }
  return values;
}
