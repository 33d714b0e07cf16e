import { type Server, ServerCredentials } from '@grpc/grpc-js';
import { loadOrCreateKey } from '../auth/node-key.js';
import { nodeName } from '../bus/messages.js';
import { PosternError } from '../errors.js';
import { createLogger, type LogLevel } from '../log.js';
import { posternVersion } from '../package-info.js';
import { startTunnelNode, type TunnelNode } from './tunnel/tunnel-node.js';
import { tunnelUrls } from './tunnel/tunnel-url.js';

/** How a gRPC server joins a hub. */
export interface JoinHubOptions {
  /**
   * Where the hub takes tunnels: `wss://HOST/ws`; `https://HOST` and `HOST:PORT` mean the same place. Several hubs of
   * one cluster are tried in order.
   */
  readonly hub: string | readonly string[];
  /** Name of the node that the server serves. */
  readonly node: string;
  /** Join token. Without `data` it is what the node shows each time it comes. */
  readonly token?: string;
  /** Directory where a key is kept; the token is then needed once. */
  readonly data?: string;
  /** Others may serve the node at the same time. Default false. */
  readonly share?: boolean;
  /** PEM of the authorities to trust instead of those that Node knows. */
  readonly ca?: string;
  /** False accepts any certificate of the hub. Default true. */
  readonly rejectUnauthorized?: boolean;
  /** Bound for each step of joining, milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** How long open calls may take to finish when it is stopped, milliseconds. Default 30,000. */
  readonly drainMs?: number;
  /** What is logged on stderr. Default `warn`: why the hub can not be reached, for one. */
  readonly logLevel?: LogLevel;
}

/**
 * Puts a gRPC server behind a hub: it need not be bound to any port, and nobody needs to reach this machine. The link
 * comes again by itself when it is lost.
 *
 * Throws `PosternError` `NODE_INVALID`, `HUB_URL_INVALID`, `HUB_UNKNOWN` where none is named, or what reading the key throws; what comes later is told by
 * `ready` and `done` of the link.
 */
export async function joinHub(server: Server, options: JoinHubOptions): Promise<TunnelNode> {
  const { node, token, data, share = false, ca, rejectUnauthorized = true } = options;
  const checked = nodeName.safeParse(node);
  if (!checked.success) {
    throw new PosternError(
      'NODE_INVALID',
      `'${node}': ${checked.error.issues[0]?.message ?? 'no node name'}`,
    );
  }
  const hubs = tunnelUrls(typeof options.hub === 'string' ? [options.hub] : options.hub);
  const key = data === undefined ? undefined : await loadOrCreateKey(data, node);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const link = startTunnelNode({
    node,
    hubs,
    key,
    token,
    share,
    outbound: { rejectUnauthorized, ...(ca === undefined ? {} : { ca }) },
    onConnection: (connection) => injector.injectConnection(connection),
    timeoutMs: options.timeoutMs ?? 10_000,
    drainMs: options.drainMs ?? 30_000,
    version: posternVersion(),
    log: createLogger(options.logLevel ?? 'warn', { role: 'link' }),
  });
  void link.done.then(() => injector.destroy());
  return link;
}
