import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import type { Registry } from 'prom-client';
import { createUserKey } from '../../src/bus/nkeys.js';
import { toLocalServer } from '../../src/client/tunnel/local-server.js';
import {
  startTunnelNode,
  type TunnelNode,
  type TunnelNodeOptions,
} from '../../src/client/tunnel/tunnel-node.js';
import { tunnelUrl } from '../../src/client/tunnel/tunnel-url.js';
import type { ListNodesResponse, Node } from '../../src/gen/postern/v1/nodes.js';
import type { HubConfigInput, RunningHub } from '../../src/hub/hub.js';
import { ask, bearer, ownClients, startTestHub, type TestHub } from '../hub/test-hub.js';
import { InteropClient } from '../support/interop/client.js';
import { startTestNats, type TestNats, testLog, until } from '../support/nats.js';

/** A hub, and nodes in this process that join it through tunnels. */
export class TunnelStage {
  readonly nats: TestNats;
  readonly hub: TestHub;
  readonly #clients: ReturnType<typeof ownClients>;
  readonly #nodes = new Set<TunnelNode>();

  private constructor(nats: TestNats, hub: TestHub) {
    this.nats = nats;
    this.hub = hub;
    this.#clients = ownClients(hub.address);
  }

  /** `metrics` counts what the hub does on the bus. */
  static async make(
    config: Partial<HubConfigInput> = {},
    log = testLog,
    metrics?: Registry,
  ): Promise<TunnelStage> {
    const plain = await startTestNats();
    const nats: TestNats = {
      ...plain,
      hub: (options) => plain.hub({ ...options, metrics }),
      tunnel: (options) => plain.tunnel({ ...options, metrics }),
    };
    return new TunnelStage(nats, await startTestHub(nats, config, log));
  }

  get running(): RunningHub {
    return this.hub.hub;
  }

  /** Starts a node with a key of its own in front of the server at this port. */
  join(node: string, port: number, options: Partial<TunnelNodeOptions> = {}): TunnelNode {
    const joined = startTunnelNode({
      node,
      hubs: [tunnelUrl(this.hub.address)],
      key: createUserKey(),
      token: undefined,
      share: false,
      outbound: {},
      onConnection: toLocalServer({ host: '127.0.0.1', port }, { timeoutMs: 5_000, log: testLog }),
      timeoutMs: 5_000,
      drainMs: 10_000,
      version: 'test',
      log: testLog,
      ...options,
    });
    this.#nodes.add(joined);
    void joined.done.then(() => this.#nodes.delete(joined));
    return joined;
  }

  async listed(name: string): Promise<Node> {
    const { nodes } = await ask<ListNodesResponse>((callback) =>
      this.#clients.nodes.listNodes({ name }, bearer(this.hub.adminToken), callback),
    );
    return nodes[0] ?? assert.fail(`${name} is not listed`);
  }

  inState(name: string, state: string): Promise<void> {
    return until(`${name} is ${state}`, async () => (await this.listed(name)).state === state);
  }

  /** A client of gRPC's interop service at the node. */
  client(node: string): InteropClient {
    return new InteropClient({
      address: this.hub.address,
      metadata: { 'x-postern-node': node, 'x-postern-authorization': this.hub.adminToken },
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#nodes].map((node) => node.stop()));
    this.#clients.close();
    await this.hub.stop();
    await this.nats.stop();
  }
}

/** A relay of TCP that can stop to pass anything without telling anybody. */
export class BlackHole {
  readonly #server = createServer((socket) => this.#relay(socket));
  readonly #sockets = new Set<Socket>();
  #to: string;

  /** `to` is `HOST:PORT`. */
  constructor(to: string) {
    this.#to = to;
  }

  /** Where new connections lead from now on. */
  leadTo(to: string): void {
    this.#to = to;
  }

  /** Resolves to `HOST:PORT`. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : assert.fail();
  }

  /** From now on nothing passes on the connections that are there, not even their end; new ones are as before. */
  swallow(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close');
      socket.on('data', () => {}).on('error', () => {});
    }
  }

  /** Cuts the connections that are there. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  stop(): void {
    this.#server.close();
    this.cut();
  }

  #relay(near: Socket): void {
    const at = this.#to.lastIndexOf(':');
    const far = connect(Number(this.#to.slice(at + 1)), this.#to.slice(0, at));
    this.#pass(near, far);
    this.#pass(far, near);
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('error', () => {});
    from.on('data', (chunk: Buffer) => void to.write(chunk));
    from.on('end', () => to.end());
    from.on('close', () => to.destroy());
  }
}
