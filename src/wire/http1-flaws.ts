import type { IncomingMessage } from 'node:http';
import { clientOf, contradictoryProxies } from './client.js';
import { mostHttp1Fields } from './limits.js';

/** Why a request is refused, and with which status. */
export interface Flaw {
  readonly status: number;
  readonly why: string;
}

/** Fields that say who asks and whom: read by one program in one of two places, and by the next in the other. */
const single = new Set(['host', 'authorization', 'content-length', 'transfer-encoding']);

/**
 * What is wrong with a request that Node has let pass: what programs before and behind this one might read as another
 * request, or as somebody else's. Undefined: nothing.
 */
export function flawOf(request: IncomingMessage): Flaw | undefined {
  const { rawHeaders, headers, httpVersion, url = '' } = request;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return bad(`HTTP/${httpVersion} is not spoken here`);
  if (!url.startsWith('/') && url !== '*') return bad('the target of a request is a path here');
  if (rawHeaders.length > 2 * mostHttp1Fields) {
    return { status: 431, why: `a request has more than ${mostHttp1Fields} fields in its header` };
  }
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    if (!single.has(name)) continue;
    if (seen.has(name)) return bad(`the header ${name} stands there twice`);
    seen.add(name);
  }
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked')) {
    return bad('the only transfer-encoding here is chunked, in HTTP/1.1');
  }
  if (clientOf(request.socket).addressIn(headers) === undefined) {
    return bad(contradictoryProxies);
  }
  return undefined;
}

/** What is wrong with a request for another protocol that has a body: its end is where that protocol begins. */
export function bodyFlawOf({ headers }: IncomingMessage): Flaw | undefined {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = headers;
  return coding === undefined && length === '0'
    ? undefined
    : bad('a request for another protocol has no body');
}

function bad(why: string): Flaw {
  return { status: 400, why };
}
