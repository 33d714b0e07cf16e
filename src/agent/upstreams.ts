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
  readonly #routes: readonly { readonly prefix: string; readonly target: CallTarget }[];
  readonly #servers: readonly Http2Upstream[];
  readonly #node: string;

  constructor(options: {
    node: string;
    specs: readonly UpstreamSpec[];
    /** What this process serves itself, by what the paths of its calls start with, without the first slash. */
    own?: { readonly prefixes: readonly string[]; readonly target: CallTarget };
    /** For the upstreams that want TLS. */
    tls: DialTls;
    connectTimeoutMs: number;
    log: Logger;
  }) {
    const { specs, own, tls, connectTimeoutMs, log } = options;
    this.#node = options.node;
    const servers = specs.map(({ prefix, address, tls: speaksTls }) => ({
      prefix: `/${prefix}`,
      target: new Http2Upstream({ address, connectTimeoutMs, log, ...(speaksTls ? { tls } : {}) }),
    }));
    this.#servers = servers.map(({ target }) => target);
    const ours = own?.prefixes.map((prefix) => ({ prefix: `/${prefix}`, target: own.target })) ?? [];
    this.#routes = [...ours, ...servers].sort((a, b) => b.prefix.length - a.prefix.length);
  }

  open(head: CallHead, sink: CallSink): Call {
    for (const { prefix, target } of this.#routes) {
      if (head.path.startsWith(prefix)) return target.open(head, sink);
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
    return this.#servers.reduce((sum, server) => sum + server.inFlight, 0);
  }

  /** Connections to all servers. */
  get connections(): number {
    return this.#servers.reduce((sum, server) => sum + server.connections, 0);
  }

  /** Ends what is still open and closes the connections. */
  close(): void {
    for (const server of this.#servers) server.close();
  }
}
