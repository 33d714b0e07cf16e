import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { LinkEnd } from '../../../machines/link.js';
import { refusalHint } from '../../auth/refusal-hint.js';
import type { UserKey } from '../../bus/nkeys.js';
import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { OutboundOptions } from '../../wire/outbound.js';
import { dialTunnel } from './dial-tunnel.js';
import { proofHeaders } from './prove.js';
import { TunnelLink } from './tunnel-link.js';

/** A node that joins through a tunnel. */
export interface TunnelNodeOptions {
  readonly node: string;
  /** Where hubs of one cluster take tunnels: `wss://HOST/ws`. Tried in order; at least one. */
  readonly hubs: readonly URL[];
  /** Proves who it is; without one the token stands for it. */
  readonly key: UserKey | undefined;
  /** Join token; beside a key it is needed once. */
  readonly token: string | undefined;
  /** Others may serve the node at the same time. */
  readonly share: boolean;
  /** Proxy and whom to trust on the way to the hub. */
  readonly outbound: OutboundOptions;
  /** Takes each connection of the hub: HTTP/2 with prior knowledge. */
  readonly onConnection: (connection: Duplex) => void;
  /** Bound for each step of joining, milliseconds. */
  readonly timeoutMs: number;
  /** How often the hub is asked whether it lives, milliseconds. Default 5,000. */
  readonly pingEveryMs?: number;
  /** How long open calls may take to finish, milliseconds. */
  readonly drainMs: number;
  /** Version of Postern, as the hub is told. */
  readonly version: string;
  readonly log: Logger;
}

/** How a node got its place. */
export interface TunnelPlace {
  readonly node: string;
  readonly instance: string;
  /** Instance id of the hub, '' where it does not tell. */
  readonly hub: string;
}

/** How it ended: asked to stop, or by a hub's word. */
export interface TunnelNodeEnd {
  readonly reason: LinkEnd | 'failed';
  /** What to tell the user; undefined when it was asked to stop. */
  readonly error: PosternError | undefined;
}

/** A node that joins, or has joined, and comes again when its tunnel is lost. */
export interface TunnelNode {
  /** It has its place for the first time. Rejects with `PosternError` when it ends before that. */
  readonly ready: Promise<TunnelPlace>;
  /** It has ended and freed everything. Never rejects. */
  readonly done: Promise<TunnelNodeEnd>;
  /** Takes no new calls, lets the open ones finish within the time for that, and ends. */
  stop(): Promise<void>;
}

/** Joins a hub through a tunnel, and again whenever that is lost, until it is stopped or a hub says that it is over. */
export function startTunnelNode(options: TunnelNodeOptions): TunnelNode {
  const { node, hubs, key, token, share, outbound, timeoutMs, drainMs, version, pingEveryMs, onConnection } =
    options;
  const log = options.log.child({ node });
  const boot = randomBytes(9).toString('base64url');
  let told: (end: TunnelNodeEnd) => void = () => {};
  const done = new Promise<TunnelNodeEnd>((resolve) => {
    told = resolve;
  });
  const link: TunnelLink = new TunnelLink({
    node,
    boot,
    ways: hubs.map(({ protocol, host, pathname }) => `${protocol}//${host}${pathname}`),
    dial: async (way, before, signal) => {
      const url = hubs[way];
      if (url === undefined) throw new PosternError('HUB_UNKNOWN', `there is no way ${way} to a hub`);
      const proof = await proofHeaders({ node, key, token }, { url, outbound, timeoutMs, signal });
      return dialTunnel({
        url,
        node,
        proof,
        boot,
        version,
        share,
        before,
        outbound,
        timeoutMs,
        ...(pingEveryMs === undefined ? {} : { pingEveryMs }),
        signal,
        onConnection,
      });
    },
    dialLimitMs: timeoutMs * 3,
    drainMs,
    hungUp: () => told(endOf(link, node)),
    log,
  });
  const ready = new Promise<TunnelPlace>((resolve, reject) => {
    link.onTransition((snapshot) => {
      const { instance } = snapshot.context;
      if (snapshot.matches('online') && instance !== undefined) {
        resolve({ node, instance, hub: snapshot.context.hub ?? '' });
      }
    });
    void done.then(({ error }) =>
      reject(error ?? new PosternError('STOPPED', 'it was stopped before it had a place')),
    );
  });
  ready.catch(() => {}); // whoever does not wait for it hears of the failure through `done`
  link.send({ type: 'START' });
  return {
    ready,
    done,
    async stop() {
      link.send({ type: 'DRAIN' });
      await done;
    },
  };
}

function endOf(link: TunnelLink, node: string): TunnelNodeEnd {
  const { end, lastError } = link.snapshot().context;
  if (end === 'stopped') return { reason: 'stopped', error: undefined };
  const { code, message } = lastError ?? { code: 'LINK_FAILED', message: 'the link of the node failed' };
  const error = new PosternError(code, `node '${node}': ${message}`, { hint: refusalHint(code, node) });
  return { reason: end ?? 'failed', error };
}
