import type { Logger } from '../log.js';
import type { Call, CallHead, CallSink, CallTarget } from '../rpc/call.js';
import type { DialTls } from '../wire/dial.js';
import { Http2Upstream } from '../wire/http2-upstream.js';
import type { UpstreamSpec } from './upstream-spec.js';

/** gRPC status UNIMPLEMENTED. */
const unimplemented = 12;

/** The local servers of an agent as one target: the longest prefix that fits a call's path decides. */
export class Upstreams implements CallTarget {
  /** Longest prefix first. */
  readonly #routes: readonly { readonly prefix: string; readonly upstream: Http2Upstream }[];
  readonly #node: string;

  constructor(options: {
    node: string;
    specs: readonly UpstreamSpec[];
    /** For the upstreams that want TLS. */
    tls: DialTls;
    connectTimeoutMs: number;
    log: Logger;
  }) {
    const { specs, tls, connectTimeoutMs, log } = options;
    this.#node = options.node;
    this.#routes = specs
      .map((spec) => ({
        prefix: `/${spec.prefix}`,
        upstream: new Http2Upstream({
          address: spec.address,
          connectTimeoutMs,
          log,
          ...(spec.tls ? { tls } : {}),
        }),
      }))
      .sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** Whether a server takes calls to that path. */
  serves(path: string): boolean {
    return this.#routes.some(({ prefix }) => path.startsWith(prefix));
  }

  open(head: CallHead, sink: CallSink): Call {
    for (const { prefix, upstream } of this.#routes) {
      if (head.path.startsWith(prefix)) return upstream.open(head, sink);
    }
    const message = `node '${this.#node}' has no server for ${head.path}`;
    const refusal = setImmediate(() =>
      sink.reset({ status: unimplemented, message, refused: true, remote: false }),
    );
    return {
      write: () => true,
      end: () => {},
      cancel: () => clearImmediate(refusal),
      consumed: () => {},
    };
  }

  /** Calls that are open or wait for a connection, towards all servers. */
  get inFlight(): number {
    return this.#routes.reduce((sum, { upstream }) => sum + upstream.inFlight, 0);
  }

  /** Connections to all servers. */
  get connections(): number {
    return this.#routes.reduce((sum, { upstream }) => sum + upstream.connections, 0);
  }

  /** Ends what is still open and closes the connections. */
  close(): void {
    for (const { upstream } of this.#routes) upstream.close();
  }
}
