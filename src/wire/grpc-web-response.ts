import type { OutgoingHttpHeaders } from 'node:http';
import type { RawMetadata } from '../rpc/call.js';
import { encodeGrpcMessage } from '../rpc/status.js';
import type { WebExchange } from './grpc-web-exchange.js';
import { trailersFrame } from './grpc-web-frames.js';
import type { WebForm } from './grpc-web-request.js';
import { addMetadata } from './headers.js';
import { errorMarker } from './refuse.js';

/** What a response needs to know of its request. */
export interface WebAnswer {
  readonly form: WebForm;
  /** `Access-Control-Allow-Origin`; '' where the request came from no other origin. */
  readonly allowOrigin: string;
}

/** Headers that a page may read without being told so (Fetch standard), and such as it never may. */
const notExposed: ReadonlySet<string> = new Set([
  'cache-control',
  'content-language',
  'content-type',
  'expires',
  'last-modified',
  'pragma',
  'vary',
]);
const alwaysExposed = ['grpc-status', 'grpc-message', 'grpc-status-details-bin', errorMarker];

/**
 * What a browser would take for a word of this hub about its own origin, or about the body. No server behind a node may
 * say it.
 */
const hubsOwnNames: ReadonlySet<string> = new Set([
  'alt-svc',
  'clear-site-data',
  'content-encoding',
  'content-security-policy',
  'content-security-policy-report-only',
  'link',
  'location',
  'nel',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'trailer',
]);

/** The headers of a response that begins with this metadata. Throws `MetadataError` where no header can carry it. */
export function webHead(metadata: RawMetadata, answer: WebAnswer): OutgoingHttpHeaders {
  const sent: OutgoingHttpHeaders = Object.create(null);
  addMetadata(sent, metadata);
  const headers = baseHeaders(answer, suffixOf(sent['content-type']));
  let exposed = '';
  for (const [name, value] of Object.entries(sent)) {
    if (name === 'content-type' || hubsOwnNames.has(name)) continue;
    if (name.startsWith('access-control-')) continue;
    headers[name] = name === 'vary' ? `Origin, ${String(value)}` : value;
    if (!notExposed.has(name) && !alwaysExposed.includes(name)) exposed += `, ${name}`;
  }
  if (answer.allowOrigin !== '') {
    headers['access-control-expose-headers'] = `${alwaysExposed.join(', ')}${exposed}`;
  }
  return headers;
}

/** Refuses a call before it began. `code`: stable code for programs. */
export function refuseWebCall(
  exchange: WebExchange,
  refusal: { readonly status: number; readonly message: string; readonly code: string },
  answer: WebAnswer,
): void {
  if (exchange.gone) return;
  const { status, message, code } = refusal;
  const told = ['grpc-status', String(status), 'grpc-message', encodeGrpcMessage(message), errorMarker, code];
  exchange.respond(200, webHead(told, answer), true);
  exchange.abandon();
}

/** Answers what is no gRPC-web call with a text. */
export function refuseWebRequest(
  exchange: WebExchange,
  httpStatus: number,
  message: string,
  code: string,
  allowOrigin: string,
): void {
  if (exchange.gone) return;
  const headers: OutgoingHttpHeaders = {
    'content-type': 'text/plain; charset=utf-8',
    vary: 'Origin',
    [errorMarker]: code,
  };
  if (httpStatus === 405) headers.allow = 'POST';
  if (allowOrigin !== '') headers['access-control-allow-origin'] = allowOrigin;
  exchange.respond(httpStatus, headers, false);
  // The answer to a HEAD has ended by now.
  if (!exchange.out.writableEnded) exchange.out.end(`${message}\n`);
  exchange.abandon();
}

/** The frame that ends a response. Throws `MetadataError` where the metadata is none. */
export function webTrailers(metadata: RawMetadata): Buffer {
  const trailers: OutgoingHttpHeaders = Object.create(null);
  addMetadata(trailers, metadata);
  let text = '';
  for (const [name, value] of Object.entries(trailers)) {
    for (const one of Array.isArray(value) ? value : [value]) text += `${name}: ${one}\r\n`;
  }
  return trailersFrame(text);
}

function baseHeaders({ form, allowOrigin }: WebAnswer, suffix: string | undefined): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null);
  headers['content-type'] = `application/grpc-web${form.textResponse ? '-text' : ''}${suffix ?? form.suffix}`;
  if (allowOrigin !== '') headers['access-control-allow-origin'] = allowOrigin;
  headers.vary = 'Origin';
  return headers;
}

/** The `+proto` of a server's content type. */
function suffixOf(contentType: OutgoingHttpHeaders[string]): string | undefined {
  return typeof contentType === 'string'
    ? /^application\/grpc(\+[a-z0-9.-]{1,64})/i.exec(contentType)?.[1]
    : undefined;
}
