import type { Registry } from 'prom-client';
import type { Bus } from '../bus/bus.js';
import { connectBus } from '../bus/connect.js';
import type { Transport } from '../bus/messages.js';
import { PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import type { OutboundOptions } from '../wire/outbound.js';
import { openWebSocketPipe, type WebSocketPipe } from '../wire/websocket-pipe.js';
import type { AgentConfig } from './config.js';
import type { Credentials } from './credentials.js';

/** One way to the bus. */
type Way =
  | { readonly kind: 'given'; readonly url: string }
  | { readonly kind: 'told' }
  | { readonly kind: 'websocket' };

/** Bound for a way after which another one is left, milliseconds. */
const earlierWayMs = 3_000;

/** What the ways out need of the agent. */
export interface WaysOutOptions {
  readonly config: AgentConfig;
  readonly credentials: Credentials;
  /** Public key of the agent. */
  readonly publicKey: string;
  /** Proxy and whom to trust on the way to the hub. */
  readonly outbound: OutboundOptions;
  readonly metrics: Registry;
  readonly log: Logger;
}

/**
 * The ways to the bus, in the order in which they are tried: those of the configuration alone where it names some,
 * else what the hub tells and NATS over the hub's WebSocket; the latter first where the hub is reached by https.
 */
export class WaysOut {
  readonly #options: WaysOutOptions;
  readonly #ways: readonly Way[];
  #pipe: { readonly path: string; readonly opened: Promise<WebSocketPipe> } | undefined;

  constructor(options: WaysOutOptions) {
    this.#options = options;
    const { nats, hub } = options.config;
    const asked: Way[] = [{ kind: 'told' }, { kind: 'websocket' }];
    if (hub.startsWith('https:')) asked.reverse();
    this.#ways = nats.length > 0 ? nats.map((url) => ({ kind: 'given', url })) : asked;
  }

  /** As logs and transitions show them: without a user's name or password. */
  get names(): string[] {
    const { hub } = this.#options.config;
    return this.#ways.map((way) => {
      if (way.kind === 'given') return originOf(way.url);
      return way.kind === 'told' ? `as told by ${originOf(hub)}` : `WebSocket of ${originOf(hub)}`;
    });
  }

  /** What an instance that is connected on this way is listed with. */
  transport(index: number): Transport {
    return this.#ways[index]?.kind === 'websocket' ? 'nats-ws' : 'nats';
  }

  /** Gets credentials where they are needed and connects. Throws what `Credentials.ensure` and `connectBus` throw. */
  async connect(index: number, signal: AbortSignal): Promise<Bus> {
    const { config, credentials, publicKey, outbound, metrics, log } = this.#options;
    await credentials.ensure(signal);
    const way = this.#ways[index];
    const pipe = way?.kind === 'websocket' ? await this.#openPipe() : undefined;
    try {
      return await connectBus({
        servers: pipe === undefined ? this.#servers(way) : [`nats://127.0.0.1:${pipe.port}`],
        identity: { role: 'agent', node: config.node, publicKey },
        credentials: () => credentials.current(),
        name: `agent ${config.node}`,
        log,
        metrics,
        firstConnect: 'fail',
        onlyThese: pipe !== undefined,
        timeoutMs: Math.min(
          config.connectTimeoutSeconds * 1000,
          this.#isLast(index) ? Infinity : earlierWayMs,
        ),
        signal,
        gate: pipe === undefined ? outbound.gate : undefined,
      });
    } catch (thrown) {
      if (thrown instanceof PosternError && thrown.code === 'BUS_REFUSED') credentials.refused();
      // The bus sees no more than a connection that was closed.
      throw pipe?.failure ?? thrown;
    }
  }

  /** Gives up what the ways hold. */
  stop(): void {
    this.#pipe?.opened.then(
      (pipe) => pipe.stop(),
      () => {},
    );
    this.#pipe = undefined;
  }

  #isLast(index: number): boolean {
    return index + 1 >= this.#ways.length;
  }

  #servers(way: Way | undefined): readonly string[] {
    const { config, credentials } = this.#options;
    const servers = way?.kind === 'given' ? [way.url] : credentials.nats;
    if (servers.length > 0) return servers;
    throw new PosternError('BUS_UNKNOWN', `the hub at ${config.hub} does not tell where the bus is`, {
      hint: 'give the URL of the bus with --nats nats://HOST:PORT',
    });
  }

  async #openPipe(): Promise<WebSocketPipe> {
    const { config, credentials, outbound, log } = this.#options;
    const path = credentials.natsPath;
    if (path === undefined) {
      throw new PosternError('BUS_UNKNOWN', `the hub at ${config.hub} offers no NATS over WebSocket`);
    }
    if (this.#pipe?.path !== path) {
      this.stop();
      const url = new URL(path, config.hub);
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
      const timeoutMs = config.connectTimeoutSeconds * 1000;
      const opened = openWebSocketPipe({ url, outbound, timeoutMs, log });
      const pipe = { path, opened };
      this.#pipe = pipe;
      // Without a free port or file there is none now; the next attempt may find one.
      opened.catch(() => {
        if (this.#pipe === pipe) this.#pipe = undefined;
      });
    }
    return this.#pipe.opened;
  }
}

function originOf(text: string): string {
  const { protocol, host } = new URL(text);
  return `${protocol}//${host}`;
}
