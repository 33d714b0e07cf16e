import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Msg, NatsConnection } from 'nats';
import { loadOrCreateAuthority } from '../../../src/bus/authority.js';
import type { Bus } from '../../../src/bus/bus.js';
import { connectBus } from '../../../src/bus/connect.js';
import { helloAnswer } from '../../../src/bus/messages.js';
import { createUserKey } from '../../../src/bus/nkeys.js';
import { stores } from '../../../src/bus/subjects.js';
import { Reset } from '../../../src/gen/postern/bus/v1/frame.js';
import { NodeRegistry } from '../../../src/hub/registry.js';
import { FrameCursor, frameKind, headerBytes, writeHeader } from '../../../src/rpc/frame.js';
import { testLog } from '../../support/nats.js';
import { omnipotent } from '../../support/raw-nats.js';
import type { Cluster } from './cluster.js';

/** Hellos that are under way at the same time. */
const atOnce = 64;

/**
 * Many nodes on one connection to the bus: each has a key of its own, says hello as an agent does, answers pings, and
 * refuses every call with its own name.
 */
export class SimulatedNodes {
  /** Pings that came, by the hub that sent them. */
  readonly pings = new Map<string, number>();
  /** Answers to a hello that asked to try again. */
  retries = 0;
  /** Answers that took longest, milliseconds. */
  slowestMs = 0;
  readonly #client: NatsConnection;
  readonly #bus: Bus;
  readonly #registry: NodeRegistry;
  readonly #keys = new Map<string, string>();
  readonly #cursor = new FrameCursor();

  private constructor(client: NatsConnection, bus: Bus, registry: NodeRegistry) {
    this.#client = client;
    this.#bus = bus;
    this.#registry = registry;
    client.subscribe('postern.call.*.*.hub.*', {
      callback: (error, message) => {
        if (error === null) this.#heard(message);
      },
    });
  }

  static async open({ fleet, natsUrl }: Cluster): Promise<SimulatedNodes> {
    const dir = path.join(fleet.dir, 'hub');
    const authority = await loadOrCreateAuthority(path.join(dir, 'keys'));
    const user = await authority.newUser({ role: 'hub', name: 'registry of the test', ttlSeconds: 3_600 });
    const bus = await connectBus({
      servers: [natsUrl],
      identity: user.identity,
      credentials: () => user,
      name: 'registry of the test',
      log: testLog,
      firstConnect: 'fail',
    });
    const registry = new NodeRegistry(await bus.store(stores.nodes));
    await registry.ready;
    return new SimulatedNodes(await omnipotent({ dir, server: { url: natsUrl } }), bus, registry);
  }

  /** The nodes that each hub watches over, by the hub's instance id. */
  owned(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { owner } of this.#registry.all()) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    return counts;
  }

  /** Binds a key to each of the names, as an enrolment does. */
  async bind(names: readonly string[]): Promise<void> {
    await inLanes(names, async (name) => {
      const { publicKey } = createUserKey();
      this.#keys.set(name, publicKey);
      await this.#registry.bindKey(name, publicKey, 'simulated', Date.now());
    });
  }

  /** Says hello for each of the names, and again where a hub asks for that. */
  async join(names: readonly string[]): Promise<void> {
    await inLanes(names, async (name) => {
      const since = performance.now();
      while (!(await this.#hello(name))) this.retries += 1;
      this.slowestMs = Math.max(this.slowestMs, Math.round(performance.now() - since));
    });
  }

  async close(): Promise<void> {
    this.#registry.stop();
    await Promise.all([this.#client.close(), this.#bus.close()]);
  }

  async #hello(name: string): Promise<boolean> {
    const hello = {
      v: 1,
      version: '1',
      features: [],
      boot: randomUUID(),
      share: false,
      labels: {},
      services: [],
    };
    const subject = `postern.hub.hello.${name}.${this.#keys.get(name)}`;
    // A hub answers to nobody but who asks.
    const reply = `_INBOX.agent.${name}.${this.#keys.get(name)}.hello`;
    const { data } = await this.#client.request(subject, JSON.stringify(hello), {
      ...{ timeout: 10_000, noMux: true, reply },
    });
    const answer = helloAnswer.parse(JSON.parse(new TextDecoder().decode(data)));
    assert.ok(answer.ok || answer.code === 'retry', JSON.stringify(answer));
    return answer.ok;
  }

  #heard({ subject, data }: Msg): void {
    const [, , node = '', instance = '', , hub = ''] = subject.split('.');
    const back = `postern.call.hub.${hub}.${node}.${instance}`;
    this.#cursor.start(data);
    while (this.#cursor.next()) {
      const { kind, id, message, bodyStart, bodyEnd } = this.#cursor;
      if (kind === frameKind.ping) {
        this.pings.set(hub, (this.pings.get(hub) ?? 0) + 1);
        this.#client.publish(back, frame(frameKind.pong, 0, message.subarray(bodyStart, bodyEnd)));
      } else if (kind === frameKind.open) {
        const reset = { status: 12, message: `this is ${node}`, refused: false, remote: true };
        this.#client.publish(back, frame(frameKind.reset, id, Reset.encode(reset).finish()));
      }
    }
  }
}

function frame(kind: number, id: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + body.length);
  writeHeader(bytes, 0, kind, 0, id, 0, body.length);
  bytes.set(body, headerBytes);
  return bytes;
}

async function inLanes(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
  const next = names[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const name of next) await act(name);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
