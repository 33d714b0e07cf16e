import type { IncomingHttpHeaders } from 'node:http';
import { hopByHopNames } from '../rpc/metadata.js';
import { type ReadRequest, type RequestRefusal, readHead } from './request.js';

/** How the bodies of a gRPC-web call are written. */
export interface WebForm {
  /** The request is base64. */
  readonly textRequest: boolean;
  /** The response is to be. */
  readonly textResponse: boolean;
  /** What follows the content type, e.g. `+proto`, or ''. */
  readonly suffix: string;
}

/** A gRPC-web request before its body. */
export interface WebRequestHead {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
}

const webContentType = /^application\/grpc-web(-text)?(\+[a-z0-9.-]{1,64})?[\t ]*(;.*)?$/i;

/**
 * Headers that are about the browser and this hub, and no metadata. Cookies among them: whoever serves a page at the
 * hub's own origin must not have them sent to every node.
 */
const browserNames: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'access-control-request-headers',
  'access-control-request-method',
  'content-encoding',
  'content-type',
  'cookie',
  'expect',
  'trailer',
  'x-grpc-web',
]);

/** True for `application/grpc-web` and `application/grpc-web-text`, with what may follow them, and for what looks so. */
export function isWebContentType(contentType: string | undefined): boolean {
  // `application/grpc` itself, which comes most often, is told by one comparison.
  return contentType?.charCodeAt(16) === 0x2d && /^application\/grpc-web/i.test(contentType);
}

/** Reads a request whose content type looks like gRPC-web's as a call. Bad input is answered as for gRPC. */
export function readWebRequest(
  request: WebRequestHead,
): (Omit<ReadRequest, 'contentType'> & { readonly form: WebForm }) | RequestRefusal {
  const { method, path, authority, headers, rawHeaders } = request;
  if (method !== 'POST') return refusal(405, 13, `a gRPC-web call is a POST, not ${method}`);
  const contentType = headers['content-type'] ?? '';
  const match = webContentType.exec(contentType);
  if (match === null) return refusal(415, 3, `'${contentType}' is no content type of gRPC-web`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    return refusal(415, 3, `the body of a gRPC-web call has no content-encoding, least of all '${encoding}'`);
  }
  const textRequest = match[1] !== undefined;
  const suffix = match[2]?.toLowerCase() ?? '';
  const form = { textRequest, textResponse: wantsText(headers.accept, textRequest), suffix };
  const metadata = metadataOf(rawHeaders, headers.connection);
  metadata.push('content-type', `application/grpc${suffix}`);
  const head = readHead(path, authority, headers['grpc-timeout'], metadata);
  return head.ok ? { ok: true, head: head.head, form } : head;
}

/** Whether the response shall be base64: as `accept` says, else as the request is. */
function wantsText(accept: string | undefined, textRequest: boolean): boolean {
  const said = accept === undefined ? null : /\bapplication\/grpc-web(-text)?\b/i.exec(accept);
  return said === null ? textRequest : said[1] !== undefined;
}

function metadataOf(rawHeaders: readonly string[], connection: string | undefined): string[] {
  // RFC 9110 section 7.6.1: what `connection` names belongs to this connection.
  const named = connection?.toLowerCase().split(/[\t ]*,[\t ]*/);
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    if (name.startsWith(':') || hopByHopNames.has(name) || browserNames.has(name)) continue;
    if (named?.includes(name) !== true) kept.push(name, rawHeaders[i + 1] ?? '');
  }
  return kept;
}

function refusal(httpStatus: number, status: number, message: string): RequestRefusal {
  return { ok: false, httpStatus, status, message };
}
