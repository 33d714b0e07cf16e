import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ListNodesResponse, Node } from '../../../src/gen/postern/v1/nodes.js';
import { ask, bearer, ownClients } from '../../hub/test-hub.js';
import { Fleet } from '../../support/fleet.js';
import { freePort } from '../../support/free-port.js';
import { InteropClient } from '../../support/interop/client.js';
import { natsServer } from '../../support/nats.js';
import { eventually, type RunningProcess } from '../../support/processes.js';

/** A hub of the cluster, which keeps its address when it is started again. */
export interface ClusterHub {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Where its metrics are. */
  readonly metrics: string;
  readonly process: RunningProcess;
}

/** Several hubs as processes of their own, on one nats-server that is a process of its own too. */
export class Cluster {
  readonly fleet: Fleet;
  readonly hubs: ClusterHub[] = [];
  /** URL of the bus. */
  natsUrl = '';
  /** Where the nats-server tells of itself, `http://127.0.0.1:PORT`. */
  monitor = '';
  /** Token of an admin, for calls of all nodes too. */
  adminToken = '';
  readonly #nats: ChildProcess[] = [];
  readonly #clients = new Map<string, ReturnType<typeof ownClients>>();

  private constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  /** Starts the bus and `hubs` hubs. */
  static async open(hubs: number): Promise<Cluster> {
    const cluster = new Cluster(await Fleet.make());
    try {
      await cluster.#startNats();
      for (let i = 0; i < hubs; i += 1) await cluster.startHub(i);
    } catch (thrown) {
      await cluster.close();
      throw thrown;
    }
    return cluster;
  }

  hub(index: number): ClusterHub {
    return this.hubs[index] ?? assert.fail(`there is no hub ${index}`);
  }

  /** Starts a hub, or starts it again where it was. */
  async startHub(index: number): Promise<void> {
    const { fleet } = this;
    const data = path.join(fleet.dir, index === 0 ? 'hub' : `hub-${index}`);
    const before = this.hubs[index];
    if (before === undefined && index > 0) {
      await cp(path.join(fleet.dir, 'hub/keys'), path.join(data, 'keys'), { recursive: true });
    }
    const process = await fleet.start([
      ...['hub', '--nats', this.natsUrl, '--data', data, '--drain', '5s'],
      ...['--listen', before?.address ?? '127.0.0.1:0', '--metrics', before?.metrics ?? '127.0.0.1:0'],
    ]);
    const { listen, metrics } = process.ready;
    assert.ok(Array.isArray(listen));
    this.hubs[index] = { process, address: String(listen[0]), metrics: String(metrics) };
    if (index === 0) {
      this.adminToken = (await readFile(path.join(data, 'tokens/admin.jwt'), 'utf8')).trim();
    }
  }

  /** Join tokens, one for each node. */
  async joinTokens(nodes: readonly string[]): Promise<Map<string, string>> {
    const { tokens } = this.#own(0);
    const made = new Map<string, string>();
    for (const node of nodes) {
      const { token } = await ask<{ token: string }>((callback) =>
        tokens.createJoinToken(
          { node, ttlSeconds: 0, uses: 0, labels: {} },
          bearer(this.adminToken),
          callback,
        ),
      );
      made.set(node, token);
    }
    return made;
  }

  /** What a hub lists: all nodes, or those of one name. */
  async nodes(index: number, name = ''): Promise<Node[]> {
    const { nodes } = await ask<ListNodesResponse>((callback) =>
      this.#own(index).nodes.listNodes({ name }, bearer(this.adminToken), callback),
    );
    return nodes;
  }

  /** A client of gRPC's interop service at the node, by way of one hub. */
  client(index: number, node: string): InteropClient {
    return new InteropClient({
      address: this.hub(index).address,
      metadata: { 'x-postern-node': node, 'x-postern-authorization': this.adminToken },
    });
  }

  /** Resolves when a call to each of the nodes is answered through each of the hubs. */
  async reachable(nodes: readonly string[], hubs: readonly number[], timeoutMs = 20_000): Promise<void> {
    const pairs = nodes.flatMap((node) => hubs.map((hub) => ({ node, hub })));
    await Promise.all(
      pairs.map(async ({ node, hub }) => {
        const client = this.client(hub, node);
        // A call that overtakes the news of a death waits for long.
        const answers = async () => {
          const { error } = await client.unaryCall({}, undefined, { deadline: Date.now() + 2_000 });
          return error === null;
        };
        await eventually(`hub ${hub} reaches ${node}`, answers, { timeoutMs }).finally(() => client.close());
      }),
    );
  }

  async close(): Promise<void> {
    for (const clients of this.#clients.values()) clients.close();
    await this.fleet.stop();
    for (const nats of this.#nats) {
      const gone = once(nats, 'exit');
      if (nats.exitCode === null && nats.signalCode === null) {
        nats.kill('SIGKILL');
        await gone;
      }
    }
  }

  async #startNats(): Promise<void> {
    const [port, monitorPort] = [await freePort(), await freePort()];
    const made = await this.fleet.postern(['init', '--nats-listen', `127.0.0.1:${port}`]);
    assert.equal(made.code, 0, made.stderr);
    this.natsUrl = `nats://127.0.0.1:${port}`;
    this.monitor = `http://127.0.0.1:${monitorPort}`;
    const { path: binary } = await natsServer();
    const args = ['-c', made.stdout.trim(), '-m', String(monitorPort)];
    this.#nats.push(spawn(binary, args, { stdio: 'ignore' }));
    await eventually('nats-server answers', async () => (await fetch(`${this.monitor}/healthz`)).ok, {
      everyMs: 20,
    });
  }

  #own(index: number): ReturnType<typeof ownClients> {
    const { address } = this.hub(index);
    const known = this.#clients.get(address) ?? ownClients(address);
    this.#clients.set(address, known);
    return known;
  }
}
