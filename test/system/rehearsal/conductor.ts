import assert from 'node:assert/strict';
import { type CallOptions, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  type Command,
  type Member,
  type Test,
  type TestSpec,
  TestsServiceClient,
} from '../../../src/gen/postern/v1/tests.js';
import { eventually } from '../../support/processes.js';

/** Drives tests on nodes through a hub, in the run `r1` unless another one is named. */
export class Conductor {
  readonly nodes: string[] = [];
  /** On whose behalf everything is asked; undefined: by hand. */
  command: Command | undefined;
  #token = '';
  #client: TestsServiceClient | undefined;

  /** From now on by this hub, as who has this token. */
  conduct(address: string, token: string): void {
    this.#token = token;
    this.#client?.close();
    this.#client = new TestsServiceClient(address, credentials.createInsecure());
  }

  rest(): void {
    this.#client?.close();
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
    const { command } = this;
    const { group, member } = await this.ask(first, this.client.createGroup, { name: '', command });
    const { invite } = await this.ask(first, this.client.createInvite, { group, name: 'rehearsal', command });
    const members = new Map<string, Member | undefined>([[first, member]]);
    for (const node of others) {
      members.set(node, (await this.ask(node, this.client.joinGroup, { invite, command })).member);
    }
    for (const reader of this.nodes) {
      for (const writer of members.values()) {
        await this.ask(reader, this.client.awaitReady, { group, writer, command });
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
      await this.ask(node, this.client.createTest, {
        run: 'r1',
        test,
        spec: whole,
        settleMs,
        command: this.command,
      });
    }
  }

  /** Arms a test on every node, for the same time. */
  async arm(test: string, startAtMs: number): Promise<void> {
    for (const node of this.nodes) {
      await this.ask(node, this.client.armTest, {
        run: 'r1',
        test,
        startAtMs,
        offsetMs: 0,
        errorMs: 1,
        command: this.command,
      });
    }
  }

  async show(node: string, test: string, run = 'r1'): Promise<Test> {
    const { tests } = await this.ask(node, this.client.listTests, { run });
    return tests.find((one) => one.test === test) ?? assert.fail(`${node} has no test ${test}`);
  }

  /** The test as it is on a node that reached one of these states, with all its records handed over. */
  async ended(node: string, test: string, state = 'finished', run = 'r1'): Promise<Test> {
    return eventually(
      `${node} has ended ${test}`,
      async () => {
        const shown = await this.show(node, test, run);
        return shown.state === state && shown.drained === shown.recorded ? shown : undefined;
      },
      { timeoutMs: 60_000 },
    );
  }
}
