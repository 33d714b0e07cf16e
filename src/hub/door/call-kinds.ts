import type { IncomingHttpHeaders } from 'node:http2';

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
