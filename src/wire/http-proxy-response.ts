import { endToEnd } from './http-proxy-fields.js';

/** Why a service has not answered as it should. */
export interface OriginFailure {
  /** HTTP status for the client: 502 or 504. */
  readonly status: number;
  readonly code: 'SERVICE_UNREACHABLE' | 'SERVICE_BROKEN' | 'SERVICE_TIMEOUT';
  /** For people; nothing of where the service lives. */
  readonly why: string;
}

/** What is passed on of a response's fields. Names that begin so are the word of the hub alone. Undefined: it cannot be. */
export function responseFields(raw: readonly string[]): string[] | undefined {
  const fields = endToEnd(raw);
  if (fields === undefined) return undefined;
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!name.startsWith('x-postern-')) kept.push(name, fields[i + 1] ?? '');
  }
  return kept;
}

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOENT: 'there is no such socket',
  EACCES: 'its socket may not be opened',
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name cannot be looked up now',
  EHOSTUNREACH: 'there is no route to its host',
  ENETUNREACH: 'its network is unreachable',
  EMFILE: 'this hub has no file descriptors left',
};

/** What an error of a request to an origin means. */
export function originFailure(error: NodeJS.ErrnoException): OriginFailure {
  const code = codeOf(error);
  const why = unreachable[code];
  if (why !== undefined)
    return { status: 502, code: 'SERVICE_UNREACHABLE', why: `it cannot be reached: ${why}` };
  if (code === 'ETIMEDOUT') return timedOut('a connection to it could not be made in time');
  const said = code.startsWith('HPE_')
    ? 'it does not answer in HTTP/1.1 that can be read'
    : 'it closed the connection before it had answered';
  return { status: 502, code: 'SERVICE_BROKEN', why: said };
}

export function timedOut(why: string): OriginFailure {
  return { status: 504, code: 'SERVICE_TIMEOUT', why };
}

/** A host with several addresses fails with one error for each. */
function codeOf(error: NodeJS.ErrnoException): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : '';
}
