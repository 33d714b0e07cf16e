import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { makeAuthority } from '../../../scripts/certs/issue.js';
import { type RunningAgent, startAgent } from '../../../src/agent/agent.js';
import { agentConfig } from '../../../src/agent/config.js';
import { Credentials } from '../../../src/agent/credentials.js';
import { WaysOut } from '../../../src/agent/ways.js';
import { joinToken, startTestHub, type TestHub } from '../../hub/test-hub.js';
import { InteropClient } from '../../support/interop/client.js';
import { startInteropServer } from '../../support/interop/server.js';
import { startTestNats, type TestNats, testLog } from '../../support/nats.js';
import { FaultyDoor } from './faulty-door.js';

/** Where the bus is said to be is nowhere: the WebSocket is the only way. */
const nowhere = 'nats://127.0.0.1:1';

/** A hub whose front door can fail, and what joins through it. */
export class OutageStage {
  readonly nats: TestNats;
  readonly hub: TestHub;
  readonly door: FaultyDoor;
  /** `https://localhost:PORT` of the door. */
  readonly url: string;
  readonly #dir: string;
  readonly #ca: string;

  private constructor(parts: {
    nats: TestNats;
    hub: TestHub;
    door: FaultyDoor;
    url: string;
    dir: string;
    ca: string;
  }) {
    this.nats = parts.nats;
    this.hub = parts.hub;
    this.door = parts.door;
    this.url = parts.url;
    this.#dir = parts.dir;
    this.#ca = parts.ca;
  }

  static async open(t: TestContext): Promise<OutageStage> {
    const nats = await startTestNats();
    t.after(() => nats.stop());
    const hub = await startTestHub(nats, { natsAdvertise: [nowhere], natsPipe: [nats.server.url] });
    t.after(() => hub.stop());
    const authority = await makeAuthority('test authority');
    const door = new FaultyDoor(hub.address, await authority.issue(['localhost']));
    t.after(() => door.close());
    const dir = await mkdtemp(path.join(tmpdir(), 'postern-outages-'));
    t.after(() => rm(dir, { recursive: true, force: true }));
    await writeFile(path.join(dir, 'ca.pem'), authority.cert);
    const url = `https://localhost:${await door.open()}`;
    return new OutageStage({ nats, hub, door, url, dir, ca: authority.cert });
  }

  /** The ways to the bus of an agent, without its link; what is dialled is given up after `timeoutMs`. */
  async ways(t: TestContext, timeoutMs: number): Promise<WaysOut> {
    const { credentials, identity } = await this.nats.credentials('agent', 'attic');
    const held = new Credentials({
      seed: credentials.seed,
      enrol: async () => ({ jwt: credentials.jwt, nats: [nowhere], natsPath: '/nats', lifeMs: 3_600_000 }),
      failed: () => {},
      log: testLog,
    });
    t.after(() => held.stop());
    const ways = new WaysOut({
      config: agentConfig.parse({
        ...{ node: 'attic', to: ['127.0.0.1:1'], hub: this.url, data: this.#dir },
        connectTimeoutSeconds: timeoutMs / 1_000,
      }),
      credentials: held,
      publicKey: identity.role === 'agent' ? identity.publicKey : assert.fail(),
      outbound: { ca: this.#ca, proxy: '' },
      metrics: new Registry(),
      log: testLog,
    });
    t.after(() => ways.stop());
    return ways;
  }

  /** An agent in front of the interop service that has joined through the door, and what it counts. */
  async agent(t: TestContext, node: string): Promise<{ agent: RunningAgent; metrics: Registry }> {
    const server = await startInteropServer();
    t.after(() => server.stop());
    const metrics = new Registry();
    const agent = startAgent(
      {
        ...{ node, to: [`127.0.0.1:${server.port}`], hub: this.url, data: this.#dir, drainSeconds: 1 },
        ...{ hubTls: { ca: path.join(this.#dir, 'ca.pem') }, token: await joinToken(this.hub, node) },
      },
      { log: testLog, metrics, version: 'test' },
    );
    t.after(() => agent.stop());
    await agent.ready;
    return { agent, metrics };
  }

  client(t: TestContext, node: string): InteropClient {
    const client = new InteropClient({
      address: this.hub.address,
      metadata: { name: node, authorization: `Bearer ${this.hub.adminToken}` },
    });
    t.after(() => client.close());
    return client;
  }
}
