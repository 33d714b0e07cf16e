import { isForwardPath, targetOfPath } from '../rpc/forward.js';

/** Longest text of a span that callers choose, in characters. */
const longestText = 256;

/** What a path says about a call, as OpenTelemetry's conventions for gRPC call it. */
export interface PathFacts {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The name of a span and what it says from its beginning on. */
export function pathFacts(path: string): PathFacts {
  if (isForwardPath(path)) {
    const target = (targetOfPath(path) ?? '').slice(0, longestText);
    return { name: 'forward', attributes: { 'postern.forward.target': target } };
  }
  const [whole = ''] = path.slice(1).split(/[?#]/, 1);
  const method = whole.slice(0, longestText);
  const slash = method.lastIndexOf('/');
  return {
    name: method,
    attributes: {
      'rpc.system': 'grpc',
      'rpc.service': slash < 0 ? method : method.slice(0, slash),
      'rpc.method': slash < 0 ? '' : method.slice(slash + 1),
    },
  };
}

/** What makes the span of a server one of an error, by the conventions for gRPC: UNKNOWN, DEADLINE_EXCEEDED, … */
const serverErrors: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);

/** Whether a span that ends with this gRPC status is one of an error: every one but OK, and fewer for a server. */
export function isError(kind: 'server' | 'client', status: number): boolean {
  return kind === 'client' ? status !== 0 : serverErrors.has(status);
}

/** A text that fits into a span. */
export function shortText(text: string): string {
  return text.length <= longestText ? text : text.slice(0, longestText);
}
