import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type ServiceError, status } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { type AgentConfigInput, type RunningAgent, startAgent } from '../../../src/agent/agent.js';
import { type ActivityEvent, ActivityType } from '../../../src/gen/internal/activity.js';
import type { Actor, ListActorsResponse, OperateResponse } from '../../../src/gen/postern/v1/inspector.js';
import { keptActivity } from '../../hub/activity/stage.js';
import { ask, joinToken, startTestHub, type TestHub } from '../../hub/test-hub.js';
import { startTestNats, type TestNats, testLog, until } from '../../support/nats.js';
import { filter, inspectorOf } from '../stage.js';

/** What is wanted of which actor. */
export interface Wish {
  readonly machine: string;
  readonly id: string;
  readonly event: string;
  readonly reason?: string;
  readonly bornMs?: number;
}

/** A hub with its inspector, real agents behind it, and somebody who operates. */
export class OperatingStage {
  readonly nats: TestNats;
  readonly hub: TestHub;
  readonly #agents: RunningAgent[] = [];
  readonly #clients = new Map<string, ReturnType<typeof inspectorOf>>();

  private constructor(nats: TestNats, hub: TestHub) {
    this.nats = nats;
    this.hub = hub;
  }

  static async open(): Promise<OperatingStage> {
    const nats = await startTestNats();
    return new OperatingStage(nats, await startTestHub(nats));
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    await Promise.all(this.#agents.map((agent) => agent.stop()));
    await this.hub.stop();
    await this.nats.stop();
  }

  /** Starts an agent with a key of its own. */
  async agent(config: Partial<AgentConfigInput> & { node: string }): Promise<RunningAgent> {
    const agent = startAgent(
      {
        hub: `http://${this.hub.address}`,
        token: await joinToken(this.hub, config.node),
        data: join(this.nats.dir, `agent-${this.#agents.length}`),
        drainSeconds: 5,
        ...config,
      },
      { log: testLog, metrics: new Registry(), version: '0.0.0-test' },
    );
    this.#agents.push(agent);
    await agent.ready;
    return agent;
  }

  /** Does something, by default in the name of an admin. Rejects as the hub answers. */
  async operate(
    { machine, id, event, reason = '', bornMs = 0 }: Wish,
    token = this.hub.adminToken,
  ): Promise<string> {
    const { client, metadata } = this.#client(token);
    const request = { machine, id, event, reason, bornMs };
    return (await ask<OperateResponse>((done) => client.operate(request, metadata, done))).outcome;
  }

  /** The same, where it has to be refused. */
  async refused(wish: Wish, code: status, message: RegExp, token?: string): Promise<void> {
    await assert.rejects(this.operate(wish, token), (thrown: ServiceError) => {
      assert.equal(status[thrown.code], status[code], thrown.details);
      assert.match(thrown.details, message);
      return true;
    });
  }

  /** The actors of a machine on a node, as the inspector tells them. */
  async actors(machine: string, node: string): Promise<Actor[]> {
    const { client, metadata } = this.#client(this.hub.adminToken);
    const request = { filters: [filter({ machine, node })], limit: 0, after: '' };
    return (await ask<ListActorsResponse>((done) => client.listActors(request, metadata, done))).actors;
  }

  /** The one actor of a machine on a node, as soon as it is in a state that fits. */
  async actor(machine: string, node: string, state: RegExp): Promise<Actor> {
    let found: Actor | undefined;
    await until(`a ${machine} of ${node} is ${state}`, async () => {
      found = (await this.actors(machine, node)).find((one) => !one.gone && state.test(one.state));
      return found !== undefined;
    });
    return found ?? assert.fail();
  }

  /** What was told of operators who did something to an actor. */
  async told(actor: string): Promise<ActivityEvent[]> {
    const types = [ActivityType.ACTIVITY_TYPE_OPERATED];
    const all = await keptActivity(this.hub.address, this.hub.adminToken, { types });
    return all.filter((event) => event.actor === actor);
  }

  #client(token: string): ReturnType<typeof inspectorOf> {
    const known = this.#clients.get(token) ?? inspectorOf(this.hub.address, token);
    this.#clients.set(token, known);
    return known;
  }
}
