import type { IncomingHttpHeaders } from 'node:http2';

/** A call as nearly all are, which is no preflight and for no other door than that of calls: seen without a look at the rest. */
export function isPlainCall(headers: IncomingHttpHeaders): boolean {
  return (
    headers['content-type'] === 'application/grpc' &&
    headers[':method'] === 'POST' &&
    headers['access-control-request-headers'] === undefined
  );
}

/** gRPC in any of its forms has doors of its own; the preflight of a page that wants to call is one of them. */
export function isCall(headers: IncomingHttpHeaders): boolean {
  return /^application\/grpc/i.test(headers['content-type'] ?? '') || lists(headers, 'x-grpc-web');
}

/** gRPC-web, or the preflight of it. */
export function isWebCall(headers: IncomingHttpHeaders): boolean {
  return /^application\/grpc-web/i.test(headers['content-type'] ?? '') || lists(headers, 'x-grpc-web');
}

/** Whether a request, or what a preflight announces, names a node. */
export function namesNode(headers: IncomingHttpHeaders): boolean {
  return ['x-postern-node', 'name'].some((name) => headers[name] !== undefined || lists(headers, name));
}

/** Whether a preflight asks for the header. */
function lists(headers: IncomingHttpHeaders, name: string): boolean {
  const asked = headers['access-control-request-headers']?.toLowerCase().split(',') ?? [];
  return asked.some((one) => one.trim() === name);
}
