import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Bus } from '../../src/bus/bus.js';
import type { Hello, HelloAnswer, Notice } from '../../src/bus/messages.js';
import { createUserKey, type UserKey } from '../../src/bus/nkeys.js';
import { subjects } from '../../src/bus/subjects.js';
import type { CallTarget } from '../../src/rpc/call.js';
import { Exchange } from '../../src/rpc/exchange.js';
import { type TestNats, testLog, until } from '../support/nats.js';
import { credentialsIn, enrol, joinToken, type TestHub } from './test-hub.js';

/** A key that is bound to a node, with the bus credentials that it bought. */
export interface BoundKey {
  readonly node: string;
  readonly key: UserKey;
  readonly jwt: string;
}

/** Enrols a new key. */
export async function bindKey(hub: TestHub, node: string): Promise<BoundKey> {
  const key = createUserKey();
  const { jwt } = credentialsIn(await enrol(hub.address, node, key, await joinToken(hub, node)));
  return { node, key, jwt };
}

/** What stands in for an agent: its side of the bus from the real pieces, without the agent's own decisions. */
export class StandIn {
  readonly bus: Bus;
  readonly notices: Notice[] = [];
  readonly pingedBy = new Set<string>();
  /** Its instances that a hub has said to give calls to. */
  readonly #givenTo = new Set<string>();
  readonly #bound: BoundKey;
  readonly #target: CallTarget;
  readonly #boot = randomUUID();
  #deafen: () => void = () => {};
  #frozen = false;
  #leave: () => void = () => {};
  instance = '';

  constructor(bus: Bus, bound: BoundKey, target: CallTarget) {
    this.bus = bus;
    this.#bound = bound;
    this.#target = target;
    bus.subscribe(subjects.notice, { node: bound.node }, ({ body }) => this.notices.push(body));
  }

  static async start(nats: TestNats, bound: BoundKey, target: CallTarget): Promise<StandIn> {
    const identity = { role: 'agent', node: bound.node, publicKey: bound.key.publicKey } as const;
    const bus = await nats.connect(identity, { jwt: bound.jwt, seed: bound.key.seed });
    return new StandIn(bus, bound, target);
  }

  /** Says hello, and serves calls when it was accepted. */
  async hello(over: Partial<Hello> = {}): Promise<HelloAnswer> {
    const answer = await this.claim(over);
    if (answer.ok && (this.#frozen || answer.instance !== this.instance)) this.serve(answer.instance);
    return answer;
  }

  /** Says hello, and does not listen yet. */
  claim(over: Partial<Hello> = {}): Promise<HelloAnswer> {
    const { node, key } = this.#bound;
    const hello: Hello = {
      v: 1,
      version: '1.2.3',
      features: [],
      boot: this.#boot,
      share: false,
      labels: { zone: 'cellar' },
      services: [],
      ...over,
    };
    return this.bus.request(subjects.hello, { node, key: key.publicKey }, hello, { timeoutMs: 5000 });
  }

  /** A hello that has to be accepted; the instance id that it gave. Calls will arrive from now on. */
  async join(over: Partial<Hello> = {}): Promise<string> {
    const answer = await this.hello(over);
    assert.ok(answer.ok, JSON.stringify(answer));
    await until('a hub gives it calls', () => this.#givenTo.has(answer.instance));
    return answer.instance;
  }

  bye(reason: 'draining' | 'stopped'): void {
    const { node, key } = this.#bound;
    this.bus.publish(subjects.bye, { node, key: key.publicKey }, { instance: this.instance, reason });
  }

  /** Hears nothing any more and says nothing, as a process that was killed. Resolves when the bus knows. */
  async freeze(): Promise<void> {
    this.#frozen = true;
    this.#givenTo.clear();
    this.#deafen();
    const silent = { receive: () => {}, noResponders: () => {} };
    const { heard, stop } = this.bus.joinCalls({ name: this.#bound.node, instance: 'elsewhere' }, silent);
    await heard;
    stop();
  }

  /** Ends its calls and hears nothing any more. */
  vanish(): void {
    this.#leave();
    this.#leave = () => {};
  }

  /** Listens as `instance` from now on. */
  serve(instance: string): void {
    this.vanish();
    this.#frozen = false;
    const self = { name: this.#bound.node, instance };
    const joined = this.bus.joinCalls(self, {
      receive: (from, message) => exchange.receive(from, message),
      noResponders: (to, ticket) => exchange.noResponders(to, ticket),
    });
    const exchange = new Exchange({ self, port: () => joined.port, log: testLog });
    exchange.onPing = (from, given) => {
      this.pingedBy.add(from.instance);
      if (given) this.#givenTo.add(instance);
    };
    exchange.serve(this.#target);
    const stopStatus = this.bus.onStatus(({ type }) => {
      if (type === 'reconnected') exchange.resync();
      else exchange.disconnected();
    });
    this.instance = instance;
    this.#deafen = joined.stop;
    this.#leave = () => {
      stopStatus();
      joined.stop();
      exchange.close();
    };
  }
}
