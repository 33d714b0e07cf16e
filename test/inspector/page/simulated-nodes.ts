import path from 'node:path';
import { loadOrCreateAuthority } from '../../../src/bus/authority.js';
import type { Bus, Store } from '../../../src/bus/bus.js';
import { connectBus } from '../../../src/bus/connect.js';
import type { NodeEntry } from '../../../src/bus/messages.js';
import { createUserKey } from '../../../src/bus/nkeys.js';

import { stores, subjects } from '../../../src/bus/subjects.js';
import { testLog } from '../../support/nats.js';

const owner = 'simulated-hub';
/** The other hubs take one for gone after 6 s. */
const beatEveryMs = 1_000;
const feedEveryMs = 100;

/** Nodes that are nothing but what a second hub says of them on the bus of a real one. */
export class SimulatedNodes {
  readonly #bus: Bus;
  readonly #store: Store<NodeEntry>;
  readonly #entries: { entry: NodeEntry; revision: number }[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #bornMs = Date.now();
  #sequence = 0;
  /** Transitions that were told, and entries that were changed. */
  told = 0;
  written = 0;

  private constructor(bus: Bus, store: Store<NodeEntry>) {
    this.#bus = bus;
    this.#store = store;
  }

  /** Writes so many nodes for the hub of a data directory. */
  static async start(data: string, nats: string, count: number): Promise<SimulatedNodes> {
    const authority = await loadOrCreateAuthority(path.join(data, 'keys'));
    const { identity, ...credentials } = await authority.newUser({
      role: 'hub',
      name: owner,
      ttlSeconds: 3_600,
    });
    const bus = await connectBus({
      ...{ servers: [nats], identity, credentials: () => credentials, name: owner, log: testLog },
      ...{ firstConnect: 'fail', timeoutMs: 10_000 },
    });
    const nodes = new SimulatedNodes(bus, await bus.store(stores.nodes));
    nodes.#timers.push(setInterval(() => nodes.#beat(), beatEveryMs));
    nodes.#beat();
    for (let first = 0; first < count; first += 100) {
      const batch = Array.from({ length: Math.min(100, count - first) }, (_, i) => entryOf(first + i));
      const revisions = await Promise.all(batch.map((entry) => nodes.#store.create(entry.name, entry)));
      nodes.#entries.push(...batch.map((entry, i) => ({ entry, revision: revisions[i] ?? 0 })));
    }
    return nodes;
  }

  /** Ten times a second a tenth of the nodes makes a transition, and one in a hundred changes its standing. */
  feed(): void {
    this.#timers.push(setInterval(() => this.#tick(), feedEveryMs));
  }

  /** The name of a node, and the last event that it was told to have had. */
  eventOf(index: number): { readonly name: string; readonly event: string } {
    return { name: nameOf(index), event: `E${this.#sequence - ((this.#sequence - 1 - index) % 10)}` };
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#bus.close();
  }

  #beat(): void {
    this.#bus.publish(subjects.beat, { hub: owner }, { hub: owner, version: '0.1.0', sinceMs: this.#bornMs });
  }

  #tick(): void {
    const turn = this.#sequence;
    this.#sequence += 1;
    this.#entries.forEach((held, i) => {
      if (i % 10 !== turn % 10) return;
      this.#transition(i);
      if (i % 100 === turn % 100) this.#flip(held);
    });
  }

  #transition(index: number): void {
    const node = nameOf(index);
    const sequence = this.#sequence;
    this.#bus.publish(
      subjects.nodeTransition,
      { node },
      {
        ...{ v: 1, machine: 'node', id: node, atMs: Date.now(), bornMs: this.#bornMs, sequence },
        ...{ event: `E${sequence}`, from: 'connected.idle', to: 'connected.serving' },
        context: { error: { code: 'SIMULATED', message: `trouble ${sequence}` } },
      },
    );
    this.told += 1;
  }

  #flip(held: { entry: NodeEntry; revision: number }): void {
    const [instance] = held.entry.instances;
    if (instance === undefined || held.revision === 0) return;
    const standing = instance.standing === 'ready' ? 'suspect' : 'ready';
    const { revision } = held;
    held.entry = { ...held.entry, instances: [{ ...instance, standing }] };
    held.revision = 0;
    this.#store.update(held.entry.name, held.entry, revision).then(
      (next) => {
        held.revision = next;
        this.written += 1;
      },
      () => {},
    );
  }
}

function nameOf(index: number): string {
  return `node-${String(index).padStart(4, '0')}`;
}

function entryOf(index: number): NodeEntry {
  const { publicKey: key } = createUserKey();
  const now = Date.now();
  return {
    ...{ v: 1, name: nameOf(index), keys: [{ key, boundAtMs: now, token: 'simulated' }], epoch: 1, owner },
    labels: { site: `site-${index % 7}`, rack: `rack-${index % 40}` },
    instances: [
      {
        ...{
          id: `1-${index.toString(16).padStart(16, '0')}`,
          epoch: 1,
          key,
          boot: `boot-${index}`,
          share: false,
        },
        ...{ sinceMs: now, services: [], version: '0.1.0', transport: 'nats', standing: 'ready' },
      },
    ],
    createdAtMs: now,
    lastSeenAtMs: now,
  };
}
