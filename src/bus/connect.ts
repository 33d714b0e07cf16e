import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import type { Logger } from '../log.js';
import type { Gate } from '../wire/gate.js';
import { createAppend } from './append.js';
import type { BusCredentials } from './authority.js';
import type { Bus, Stop } from './bus.js';
import { createBusMetrics } from './bus-metrics.js';
import { joinCalls } from './calls.js';
import { openChain } from './chain.js';
import { type Connection, listen } from './connection.js';
import { dial } from './dial.js';
import { type Following, follow } from './follow.js';
import { readFromStream, readThroughHub, serveKept } from './kept.js';
import { createMessaging } from './messaging.js';
import { openShelf } from './open-shelf.js';
import { readPage, streamOf } from './page.js';
import { type BusIdentity, inboxPrefixOf } from './permissions.js';
import { readStream } from './read-stream.js';
import { watchStatus } from './status.js';
import { openStore } from './store.js';
import { keepStreams } from './streams.js';
import { filterSubject } from './subject-pattern.js';

/** How to get onto the bus, and as whom. */
export interface ConnectOptions {
  /** URLs such as `nats://127.0.0.1:4222`; after a loss they are tried in turn. */
  readonly servers: readonly string[];
  /** Who this is; the credentials must be for the same. */
  readonly identity: BusIdentity;
  /** Read at each dial, so that renewed credentials are used without a new connection. */
  readonly credentials: () => BusCredentials;
  /** Shown in the server's monitoring, and the label `bus` of the metrics. */
  readonly name: string;
  readonly log: Logger;
  readonly metrics?: Registry | undefined;
  /**
   * `fail`: throws when there is no connection within `timeoutMs`. `wait`: waits for a server as long as it takes; only
   * credentials that it refuses, a version that is too old or `signal` end the wait.
   */
  readonly firstConnect: 'wait' | 'fail';
  /** Only the servers that are named are dialled, not those of their cluster that they tell of. Default false. */
  readonly onlyThese?: boolean | undefined;
  /** Bound of the first connection (with `fail`) and of making the streams; 5000 when absent. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What each connection goes through; absent: nothing. */
  readonly gate?: Gate | undefined;
}

/** The wait between two dials, at least and at most so much more: many agents shall not come back in one instant. */
const redialMs = {
  hub: [250, 250],
  agent: [500, 1500],
  watcher: [250, 250],
  tracer: [250, 250],
  tunnel: [250, 250],
  controller: [250, 250],
  accounts: [250, 250],
} as const;
/** How long `drain` may take. */
const drainTimeoutMs = 5000;

/**
 * Connects to NATS. A hub makes the streams of kept messages, reads them for others, and does not
 * hear what it publishes itself.
 * Throws `BUS_UNREACHABLE`, `BUS_REFUSED`, `BUS_VERSION`, `BUS_NO_JETSTREAM` (hubs only), `BUS_ABORTED`.
 */
export async function connectBus(options: ConnectOptions): Promise<Bus> {
  const { identity, log } = options;
  const { role } = identity;
  const inboxPrefix = inboxPrefixOf(identity);
  const timeoutMs = options.timeoutMs ?? 5000;
  const metrics = createBusMetrics(options.metrics, options.name);
  const { nats, lastJwt } = await dial({
    servers: options.servers,
    credentials: options.credentials,
    name: options.name,
    inboxPrefix,
    noEcho: role === 'hub',
    redialMs: redialMs[role],
    log,
    firstConnect: options.firstConnect,
    onlyThese: options.onlyThese ?? false,
    timeoutMs,
    signal: options.signal,
    gate: options.gate,
  });
  const status = watchStatus(nats, { lastJwt, log, metrics });
  const connection: Connection = {
    nats,
    identity,
    inboxPrefix,
    log,
    metrics,
    get connected() {
      return status.connected;
    },
    get maxPayloadBytes() {
      return status.maxPayloadBytes;
    },
    get serverVersion() {
      return status.serverVersion;
    },
    onStatus: status.onStatus,
  };

  const followings = new Set<Pick<Following, 'stream' | 'nudge' | 'stop'>>();
  // a hub does not hear itself, so that its own messages must be told to its own followers
  const published = (stream: string): void => {
    for (const following of followings) if (following.stream === stream) following.nudge();
  };
  const messaging = createMessaging(connection, published);
  const readKept = role === 'hub' ? readFromStream(connection) : readThroughHub(connection, messaging);
  let releaseStreams: Stop = () => {};
  if (role === 'hub') {
    try {
      releaseStreams = await keepStreams(connection, timeoutMs);
      serveKept(connection, messaging);
    } catch (thrown) {
      await nats.close();
      throw thrown;
    }
  }

  const release = (): void => {
    releaseStreams();
    for (const following of [...followings]) following.stop();
  };

  return {
    identity,
    get connected() {
      return status.connected;
    },
    get serverVersion() {
      return status.serverVersion;
    },
    ...messaging,
    follow(declaration, params, handler) {
      const following = follow(connection, readKept, declaration, params, handler);
      followings.add(following);
      return {
        live: following.live,
        stop() {
          followings.delete(following);
          following.stop();
        },
      };
    },
    append: createAppend(connection, published),
    page: (declaration, params, range) => readPage(connection, readKept, declaration, params, range),
    read: (declaration, params, from, listener) =>
      readStream(connection, declaration, params, from, listener),
    onKept(declaration, params, listener) {
      const unhear = listen(connection, filterSubject(declaration.pattern, params), listener);
      const told = { stream: streamOf(declaration), nudge: listener, stop: unhear };
      followings.add(told);
      return () => {
        followings.delete(told);
        unhear();
      };
    },
    shelf: () => openShelf(connection),
    chain: (declaration) => openChain(connection, declaration, published),
    joinCalls: (self, handlers) => joinCalls(connection, self, handlers),
    store: (declaration) => openStore(connection, declaration),
    onStatus: status.onStatus,
    async drain() {
      if (nats.isClosed()) return;
      release();
      const timer = new AbortController();
      const drained = nats.drain().catch(() => {}); // the bound below closes it then
      await Promise.race([
        drained,
        sleep(drainTimeoutMs, undefined, { signal: timer.signal }).catch(() => {}),
      ]);
      timer.abort();
      if (!nats.isClosed()) await nats.close();
    },
    async close() {
      release();
      if (!nats.isClosed()) await nats.close();
    },
  };
}
