import { isIP } from 'node:net';
import type { ServerUnaryCall } from '@grpc/grpc-js';

/**
 * Where a call comes from: what a hub in front on this machine says in `x-forwarded-for`, else the other end of the
 * connection. Only loopback is believed, since everybody can say so.
 */
export function sourceOf(call: Pick<ServerUnaryCall<unknown, unknown>, 'getPeer' | 'metadata'>): string {
  const peer = call.getPeer();
  return believedSource(hostOf(peer), call.metadata.get('x-forwarded-for').at(-1)?.toString());
}

/** The same of an address and a header. */
export function believedSource(peer: string, forwardedFor: string | undefined): string {
  if (!isLoopback(peer)) return peer;
  const last = forwardedFor?.split(',').at(-1)?.trim() ?? '';
  return isIP(last) === 0 ? peer : last;
}

function isLoopback(host: string): boolean {
  return host === '' || host === '::1' || /^(?:::ffff:)?127\./.test(host);
}

/** `127.0.0.1:5000` and `[::1]:5000`; '' for a unix socket. */
function hostOf(peer: string): string {
  const host = /^\[(.*)\]:\d+$/.exec(peer)?.[1] ?? /^(?:ipv[46]:)?(.*):\d+$/.exec(peer)?.[1] ?? '';
  const bare = host.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? '' : bare;
}
