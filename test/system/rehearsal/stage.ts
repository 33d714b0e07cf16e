import assert from 'node:assert/strict';
import path from 'node:path';
import { type CallOptions, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  type Member,
  type Test,
  type TestSpec,
  TestsServiceClient,
} from '../../../src/gen/postern/v1/tests.js';
import { DaemonProcess } from '../../support/daemon.js';
import { Fleet } from '../../support/fleet.js';
import { eventually, type RunningProcess } from '../../support/processes.js';

/** A hub, and nodes each with a daemon and an agent beside it; the daemons reach each other. All are real processes. */
export class Stage {
  readonly fleet: Fleet;
  readonly nodes: string[] = [];
  readonly daemons = new Map<string, DaemonProcess>();
  readonly agents = new Map<string, RunningProcess>();
  hub: RunningProcess | undefined;
  #address = '';
  #token = '';
  #client: TestsServiceClient | undefined;

  private constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  static async open(nodes: readonly string[]): Promise<Stage> {
    const stage = new Stage(await Fleet.make());
    try {
      stage.hub = await stage.fleet.up();
      stage.#address = await stage.fleet.hubAddress();
      stage.#token = await stage.fleet.callerToken('rehearsal');
      stage.#client = new TestsServiceClient(stage.#address, credentials.createInsecure());
      for (const node of nodes) await stage.#add(node);
    } catch (thrown) {
      await stage.close();
      throw thrown;
    }
    return stage;
  }

  /** Starts the agent of a node, or starts it again; it does not wait for a hub. */
  async startAgent(node: string): Promise<void> {
    const daemon = String(this.daemons.get(node)?.process.ready.listen);
    const data = path.join(this.fleet.dir, node);
    const token = this.agents.has(node) ? '' : await this.fleet.joinToken(node);
    const env = { POSTERN_HUB: `http://${this.#address}`, ...(token === '' ? {} : { POSTERN_TOKEN: token }) };
    const args = ['agent', '--node', node, '--daemon', daemon, '--data', data];
    this.agents.set(node, await this.fleet.start(args, { env }));
  }

  /** Starts the hub again where it was. */
  async startHub(): Promise<void> {
    this.hub = await this.fleet.up(['--listen', this.#address]);
  }

  /** Calls a method of the tests' service of a node; rejects with grpc-js's error. */
  ask<Q, R>(
    node: string,
    method: (
      this: TestsServiceClient,
      request: Q,
      metadata: Metadata,
      options: Partial<CallOptions>,
      callback: (error: ServiceError | null, response: R) => void,
    ) => unknown,
    request: Q,
  ): Promise<R> {
    const metadata = new Metadata();
    metadata.set('name', node);
    metadata.set('authorization', `Bearer ${this.#token}`);
    return new Promise((resolve, reject) => {
      method.call(this.client, request, metadata, { deadline: Date.now() + 20_000 }, (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
  }

  get client(): TestsServiceClient {
    return this.#client ?? assert.fail('there is no client');
  }

  /** A group with all nodes in it, each of which can read all others. */
  async group(): Promise<string> {
    const [first = '', ...others] = this.nodes;
    const { group, member } = await this.ask(first, this.client.createGroup, {});
    const { invite } = await this.ask(first, this.client.createInvite, { group, name: 'rehearsal' });
    const members = new Map<string, Member | undefined>([[first, member]]);
    for (const node of others) {
      members.set(node, (await this.ask(node, this.client.joinGroup, { invite })).member);
    }
    for (const reader of this.nodes) {
      for (const writer of members.values()) {
        await this.ask(reader, this.client.awaitReady, { group, writer });
      }
    }
    return group;
  }

  /** Makes a test on every node. */
  async create(test: string, spec: Partial<TestSpec>, settleMs: number): Promise<void> {
    const whole = {
      type: 'text',
      group: '',
      size: 200,
      intervalMs: 100,
      amount: 10,
      method: '',
      requestJson: '',
      ...spec,
    };
    for (const node of this.nodes) {
      await this.ask(node, this.client.createTest, { run: 'r1', test, spec: whole, settleMs });
    }
  }

  /** Arms a test on every node, for the same time. */
  async arm(test: string, startAtMs: number): Promise<void> {
    for (const node of this.nodes) {
      await this.ask(node, this.client.armTest, { run: 'r1', test, startAtMs, offsetMs: 0, errorMs: 1 });
    }
  }

  async show(node: string, test: string): Promise<Test> {
    const { tests } = await this.ask(node, this.client.listTests, { run: 'r1' });
    return tests.find((one) => one.test === test) ?? assert.fail(`${node} has no test ${test}`);
  }

  /** The test as it is on a node that reached one of these states, with all its records handed over. */
  async ended(node: string, test: string, state = 'finished'): Promise<Test> {
    return eventually(
      `${node} has ended ${test}`,
      async () => {
        const shown = await this.show(node, test);
        return shown.state === state && shown.drained === shown.recorded ? shown : undefined;
      },
      { timeoutMs: 60_000 },
    );
  }

  async close(): Promise<void> {
    this.#client?.close();
    for (const daemon of this.daemons.values()) await daemon.stop();
    await this.fleet.stop();
  }

  async #add(node: string): Promise<void> {
    const peers = [...this.daemons.values()].flatMap(({ peerAddress }) => ['--peer', peerAddress]);
    this.daemons.set(node, await DaemonProcess.start(path.join(this.fleet.dir, `${node}-daemon`), peers));
    this.nodes.push(node);
    await this.startAgent(node);
  }
}
