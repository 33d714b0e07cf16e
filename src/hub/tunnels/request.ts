import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { nodeName } from '../../bus/messages.js';
import { PosternError } from '../../errors.js';

/** What a request for a tunnel says. */
export interface TunnelRequest {
  readonly node: string;
  /** Join token, of the `authorization` header or of the URL. */
  readonly token: string | undefined;
  /** A key, and the nonce that was signed with it. */
  readonly proof: { readonly key: string; readonly nonce: string; readonly signature: string } | undefined;
  /** Others may serve the node at the same time. */
  readonly share: boolean;
  /** Id of the process that asks, for one that has some; a later tunnel of the same takes the place of an earlier one. */
  readonly boot: string | undefined;
  /** Instance id that the process had before, for one that comes again. */
  readonly before: string | undefined;
  /** Version of the program, for people. */
  readonly version: string;
}

const bootId = /^[A-Za-z0-9_-]{1,64}$/;
const instanceId = /^[A-Za-z0-9_-]{1,64}$/;
const longestVersion = 64;

/** Reads the headers and the URL of a request for a tunnel. Throws `PosternError` `INVALID` with what is wrong. */
export function readTunnelRequest({ url, headers }: IncomingMessage): TunnelRequest {
  const node = headerOf(headers, 'x-hub-meta-name');
  if (node === undefined) throw invalid('the header X-Hub-Meta-Name with the name of the node is missing');
  const checked = nodeName.safeParse(node);
  if (!checked.success) {
    const reason = checked.error.issues[0]?.message ?? 'it is no node name';
    throw invalid(`${JSON.stringify(node.slice(0, 64))} names no node: ${reason}`);
  }
  const boot = headerOf(headers, 'x-postern-boot');
  if (boot !== undefined && !bootId.test(boot)) throw invalid('X-Postern-Boot is no id');
  const before = headerOf(headers, 'x-postern-instance');
  if (before !== undefined && !instanceId.test(before)) throw invalid('X-Postern-Instance is no instance id');
  const version = headerOf(headers, 'x-postern-version') ?? headers['user-agent'] ?? '';
  return {
    node,
    token: tokenOf(headers, url ?? ''),
    proof: proofOf(headers),
    share: headerOf(headers, 'x-postern-share') === 'true',
    boot,
    before,
    version: version.replace(/\p{Cc}/gu, ' ').slice(0, longestVersion),
  };
}

function tokenOf(headers: IncomingHttpHeaders, url: string): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const token = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
    if (token === undefined) throw invalid('the header authorization is not of the form: Bearer TOKEN');
    return token;
  }
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  return new URLSearchParams(query).get('token') ?? undefined;
}

function proofOf(headers: IncomingHttpHeaders): TunnelRequest['proof'] {
  const key = headerOf(headers, 'x-postern-key');
  if (key === undefined) return undefined;
  const nonce = headerOf(headers, 'x-postern-nonce');
  const signature = headerOf(headers, 'x-postern-signature');
  if (nonce === undefined || signature === undefined) {
    throw invalid('X-Postern-Key comes with X-Postern-Nonce and X-Postern-Signature');
  }
  return { key, nonce, signature };
}

/** The value of a header that may come once. */
function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function invalid(message: string): PosternError {
  return new PosternError('INVALID', message);
}
