import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../log.js';
import type { RawMetadata } from '../rpc/call.js';
import { parseAddress } from '../wire/address.js';
import type { DialTls } from '../wire/dial.js';
import { Http2Upstream } from '../wire/http2-upstream.js';
import { type Front, listenFront } from '../wire/listener.js';
import { refuseRequest } from '../wire/refuse.js';
import { readRequest } from '../wire/request.js';
import { serveCall } from '../wire/serve-call.js';
import type { HubTarget, HubTls } from './hub-target.js';

/** A listener whose every call goes to one node. */
export interface LocalProxy {
  /** The addresses as bound. */
  readonly addresses: readonly string[];
  /** Takes no new calls, lets open ones finish for `graceMs`, and ends. */
  stop(graceMs: number): Promise<void>;
}

/** What the proxy itself says to the hub; the client's own must not stand beside it. */
const ownNames: ReadonlySet<string> = new Set(['x-postern-node', 'x-postern-authorization']);

/** The client's metadata with the node's name and the token. `node` undefined: the hub itself. */
export function proxiedMetadata(
  metadata: RawMetadata,
  node: string | undefined,
  token: string | undefined,
): RawMetadata {
  const passed: string[] = [];
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    if (!ownNames.has(name)) passed.push(name, metadata[i + 1] ?? '');
  }
  if (node !== undefined) passed.push('x-postern-node', node);
  if (token !== undefined) passed.push('x-postern-authorization', `Bearer ${token}`);
  return passed;
}

/**
 * Listens for clients that can name no node and hold no token, and passes their calls to the hub with both. Nothing is
 * decoded. Throws what `listenFront` throws.
 */
export async function startLocalProxy(options: {
  listen: readonly string[];
  node: string | undefined;
  target: HubTarget;
  log: Logger;
}): Promise<LocalProxy> {
  const { node, target, log } = options;
  const { tls } = target;
  const upstream = new Http2Upstream({
    address: parseAddress(target.address),
    ...(tls === undefined ? {} : { tls: dialTlsOf(tls) }),
    log,
  });
  let front: Front;
  try {
    front = await listenFront({
      addresses: options.listen,
      log,
      onHttp1: answerHttp1,
      onStream(stream, headers, rawHeaders) {
        const request = readRequest(headers, rawHeaders);
        if (!request.ok) {
          refuseRequest(stream, request);
          return;
        }
        const metadata = proxiedMetadata(request.head.metadata, node, target.token);
        serveCall(stream, { ...request.head, metadata, caller: '' }, upstream, undefined, 'of the target');
      },
    });
  } catch (thrown) {
    upstream.close();
    throw thrown;
  }
  return {
    addresses: front.addresses,
    async stop(graceMs) {
      await front.drain(graceMs);
      upstream.close();
    },
  };
}

function dialTlsOf({ ca, rejectUnauthorized }: HubTls): DialTls {
  return { ...(ca === undefined ? {} : { ca }), rejectUnauthorized };
}

function answerHttp1(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain' });
  response.end('this is a proxy for gRPC, which speaks HTTP/2\n');
}
