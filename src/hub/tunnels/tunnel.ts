import type { WebSocket } from 'ws';
import type { Bus } from '../../bus/bus.js';
import { type Hello, type HelloAnswer, type Notice, protocolVersion } from '../../bus/messages.js';
import { subjects } from '../../bus/subjects.js';
import type { Logger } from '../../log.js';
import { Serving } from '../../rpc/serving.js';
import { tracedCalls } from '../../tracing/traced-calls.js';
import type { Tracing } from '../../tracing/tracing.js';
import { Http2Upstream } from '../../wire/http2-upstream.js';
import { sentMessageBytes, WebSocketStream } from '../../wire/websocket-stream.js';
import { YamuxSession } from '../../wire/yamux/session.js';
import { TunnelForwards } from './forwards.js';

/** Close codes that tell a node what has become of its tunnel; 1000: it left itself; 1001: come again. */
export const tunnelClose = {
  left: 1000,
  goingAway: 1001,
  superseded: 4001,
  revoked: 4002,
  occupied: 4003,
} as const;

/** The largest WebSocket message towards a node that does not say that it reads larger ones, bytes. */
const oldMessageBytes = 512;
/** A hub pings the instance every 2 s; after so long without a ping its place is claimed again, milliseconds. */
const forgottenMs = 6_000;
/** A hub that did not answer is asked again so much later, milliseconds. */
const askAgainMs = 1_000;
/** A node that leaves says itself when its time is up; this is the bound where it never does, milliseconds. */
const leaveMs = 3_600_000;

/** Who has opened a tunnel. */
export interface TunnelPeer {
  readonly node: string;
  readonly key: string;
  readonly share: boolean;
  /** Id of the process at its other end. */
  readonly boot: string;
  readonly version: string;
  /** Instance id that it was given. */
  readonly instance: string;
  /** It reads messages of any size. */
  readonly ours: boolean;
}

/** What is said to the registry for somebody who has a tunnel, or wants one. */
export function helloOf(peer: Omit<TunnelPeer, 'instance' | 'ours'>, instance?: string): Hello {
  return {
    v: protocolVersion,
    version: peer.version,
    features: [],
    boot: peer.boot,
    ...(instance === undefined ? {} : { instance }),
    share: peer.share,
    labels: {},
    services: [],
    transport: 'tunnel',
  };
}

/** What a tunnel needs of its hub. */
export interface TunnelDeps {
  /** The connection on which calls are served, with the rights of the role `tunnel`. */
  readonly bus: Bus;
  /** Gives the instance its place back. Never throws. */
  claim(node: string, key: string, hello: Hello): Promise<HelloAnswer>;
  readonly log: Logger;
  /** Bound for the node's server to be ready for calls, milliseconds. */
  readonly connectTimeoutMs: number;
  /** How often it is asked whether it lives, milliseconds. */
  readonly pingEveryMs: number;
  /** Makes spans of the calls to the node. */
  readonly tracing?: Tracing | undefined;
  /** It is over. */
  closed(tunnel: Tunnel): void;
}

/** One node's tunnel: a WebSocket with yamux in it, whose streams are HTTP/2 connections to the node's server. */
export class Tunnel {
  readonly node: string;
  /** Instance id. */
  readonly instance: string;
  readonly #peer: TunnelPeer;
  readonly #deps: TunnelDeps;
  readonly #socket: WebSocket;
  readonly #session: YamuxSession;
  readonly #upstream: Http2Upstream;
  readonly #serving: Serving;
  readonly #log: Logger;
  #pingedAt = performance.now();
  #claiming = false;
  #over = false;

  constructor(socket: WebSocket, peer: TunnelPeer, deps: TunnelDeps) {
    this.#socket = socket;
    this.#peer = peer;
    this.#deps = deps;
    this.node = peer.node;
    this.instance = peer.instance;
    this.#log = deps.log.child({ node: peer.node, instance: peer.instance });
    const bytes = new WebSocketStream(socket, peer.ours ? sentMessageBytes : oldMessageBytes);
    this.#session = new YamuxSession(bytes, {
      role: 'client',
      pingEveryMs: deps.pingEveryMs,
      onGoAway: () => void this.#finish(leaveMs, tunnelClose.left, 'the calls have ended'),
      onClose: (why) => this.#lost(why),
    });
    this.#upstream = new Http2Upstream({
      connect: () => this.#session.open(),
      name: `node '${peer.node}'`,
      connectTimeoutMs: deps.connectTimeoutMs,
      log: this.#log,
    });
    const forwards = new TunnelForwards({
      calls: this.#upstream,
      session: this.#session,
      node: peer.node,
      log: this.#log,
    });
    this.#serving = new Serving({
      node: peer.node,
      target: tracedCalls(forwards, deps.tracing, () => peer),
      heard: () => {
        this.#pingedAt = performance.now();
      },
      log: this.#log,
    });
    this.#serving.join(deps.bus, peer.instance);
  }

  /** Last round trip to the node in milliseconds; undefined before the first. */
  get roundTripMs(): number | undefined {
    return this.#session.roundTripMs;
  }

  /** Asks for its place again, which it keeps meanwhile. A refusal that is final closes the tunnel. */
  async reclaim(): Promise<void> {
    if (this.#claiming || this.#over) return;
    this.#claiming = true;
    const { node, key } = this.#peer;
    const answer = await this.#deps.claim(node, key, helloOf(this.#peer, this.instance));
    this.#claiming = false;
    if (this.#over) {
      // It was lost meanwhile: the place must not be kept.
      if (answer.ok) this.#bye(answer.instance, 'stopped');
    } else if (answer.ok && answer.instance === this.instance) {
      this.#pingedAt = performance.now();
    } else if (answer.ok) {
      // Another place than the one that calls go to: the node has to come anew.
      this.#bye(answer.instance, 'stopped');
      this.close(tunnelClose.goingAway, 'the place was lost: come again');
    } else if (answer.code === 'superseded') {
      this.close(tunnelClose.superseded, answer.message);
    } else if (answer.code === 'occupied') {
      this.close(tunnelClose.occupied, answer.message);
    } else if (answer.code === 'retry') {
      this.#pingedAt = performance.now() - forgottenMs + askAgainMs;
    } else {
      this.close(tunnelClose.revoked, answer.message);
    }
  }

  /** A hub tells some instance of the node what has become of it. */
  noticed({ instance, kind, message, kicked }: Notice): void {
    if (instance !== this.instance) return;
    if (kicked === true) this.close(tunnelClose.goingAway, `${message}: come again`);
    else if (kind === 'hello') void this.reclaim();
    else this.close(tunnelClose[kind], message);
  }

  /** Looked after now and then: claims again what no hub pings any more. */
  tend(): void {
    const forgotten = performance.now() - this.#pingedAt > forgottenMs;
    if (forgotten && this.#deps.bus.connected) void this.reclaim();
  }

  disconnected(): void {
    this.#serving.disconnected();
  }

  reconnected(): void {
    this.#serving.reconnected();
    void this.reclaim();
  }

  /** Takes no new calls, lets the open ones finish, at most `graceMs`, and closes. */
  drain(graceMs: number): Promise<void> {
    return this.#finish(graceMs, tunnelClose.goingAway, 'the hub is about to leave');
  }

  async #finish(graceMs: number, code: number, reason: string): Promise<void> {
    if (this.#over) return;
    this.#bye(this.instance, 'draining');
    await this.#serving.drain(graceMs);
    this.close(code, reason);
  }

  /** Ends it at once and tells the node why. */
  close(code: number, reason: string): void {
    if (this.#over) return;
    // RFC 6455 §5.5: a control frame carries at most 125 bytes, two of them the code.
    this.#socket.close(code, reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 123));
    this.#lost(`closed with ${code}: ${reason}`);
    this.#session.close();
  }

  #lost(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#log.info({ why }, 'a tunnel is over');
    this.#upstream.close(`the tunnel of node '${this.node}' is over: ${why}`);
    this.#serving.leave();
    this.#bye(this.instance, 'stopped');
    this.#deps.closed(this);
  }

  #bye(instance: string, reason: 'draining' | 'stopped'): void {
    const { bus } = this.#deps;
    const { node, key } = this.#peer;
    if (bus.connected) bus.publish(subjects.bye, { node, key }, { instance, reason });
  }
}
