import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../bus/bus.js';
import type { InstanceEntry, NodeEntry, Transition } from '../bus/messages.js';
import { Outbox } from '../bus/outbox.js';
import { subjects } from '../bus/subjects.js';
import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import type { PeerAddress } from '../rpc/exchange-port.js';
import { type Attendance, Roll } from './activity/roll.js';
import type { NodeBandwidth } from './limits/node-bandwidth.js';
import { InstanceView, NodeView, type Peers } from './node-view.js';
import { NodeWatch } from './node-watch.js';
import type { NodeRegistry } from './registry.js';

/** What became of an instance whose calls are ended. */
const gone = 'the instance that served the call is gone';
/** An instance that another hub watches over gets no calls for so long when nobody listens there, in milliseconds. */
const unheardMs = 1_000;
/** It is looked so often whether calls are open still, in milliseconds. */
const lookMs = 50;

type WatchListener = (view: NodeView, watch: NodeWatch, transition: Transition) => void;

/**
 * All nodes, as this hub sees them. It runs the `node` machine of each node that it owns and writes what it finds
 * back to the registry; the others it mirrors.
 */
export class Nodes {
  readonly #registry: NodeRegistry;
  readonly #peers: Peers;
  readonly #bus: Bus;
  readonly #transitions = new Outbox();
  readonly #hub: string;
  readonly #attendance: Attendance;
  readonly #log: Logger;
  readonly #bandwidth: NodeBandwidth | undefined;
  readonly #views = new Map<string, NodeView>();
  readonly #listeners = new Set<(name: string) => void>();
  readonly #watchers = new Set<WatchListener>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopListening: () => void = () => {};
  #released = false;

  constructor(options: {
    registry: NodeRegistry;
    peers: Peers;
    bus: Bus;
    hub: string;
    attendance: Attendance;
    log: Logger;
    /** Absent: no node is limited. */
    bandwidth?: NodeBandwidth | undefined;
  }) {
    this.#registry = options.registry;
    this.#peers = options.peers;
    this.#bus = options.bus;
    this.#transitions.use(options.bus);
    this.#hub = options.hub;
    this.#attendance = options.attendance;
    this.#log = options.log;
    this.#bandwidth = options.bandwidth;
  }

  /** Takes over what the registry holds, and every change from now on. */
  start(): void {
    for (const entry of this.#registry.all()) this.#changed(entry.name, entry);
    this.#stopListening = this.#registry.onChange((name, entry) => this.#changed(name, entry));
  }

  view(name: string): NodeView | undefined {
    return this.#views.get(name);
  }

  all(): IterableIterator<NodeView> {
    return this.#views.values();
  }

  /** Hears the name of each node that is new, has changed or was deleted. */
  onChange(listener: (name: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Hears each transition of the machines that this hub runs; what it throws is logged. */
  onTransition(listener: WatchListener): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** An instance said hello to this hub and was given (back) its place. */
  claimed(name: string, instance: InstanceEntry): void {
    this.#views.get(name)?.watch?.claimed(instance);
  }

  /** An instance tells that it leaves. Its key proves that it speaks for itself. */
  bye(name: string, key: string, instance: string, reason: 'draining' | 'stopped'): void {
    const view = this.#views.get(name);
    const leaving = view?.instances.get(instance);
    if (view === undefined || leaving?.entry.key !== key) return;
    leaving.leaving = true;
    if (reason === 'stopped') this.#peers.forget(leaving.address, gone, true);
    view.watch?.send({ type: 'BYE', instance, reason });
    view.refresh();
  }

  /** The bus says that nobody listens where an instance should be: new calls pass it over. */
  unreachable({ name, instance }: PeerAddress): void {
    const view = this.#views.get(name);
    const there = view?.instances.get(instance);
    if (view === undefined || there === undefined) return;
    if (view.watch !== undefined) view.watch.send({ type: 'UNREACHABLE', instance });
    else if (!there.unheard) {
      there.unheard = true;
      view.refresh();
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        there.unheard = false;
        view.refresh();
      }, unheardMs);
      timer.unref();
      this.#timers.add(timer);
    }
  }

  /** Tells the registry what it does not know yet of the node; a failure is tried again with the next round. */
  record(view: NodeView): void {
    const { watch } = view;
    if (watch === undefined || watch.recording || watch.findings(view.entry) === undefined) return;
    watch.recording = true;
    const written = (known: boolean) => {
      watch.recording = false;
      if (known) this.record(view);
    };
    this.#registry
      .record(view.name, this.#hub, (entry) => watch.findings(entry))
      .then(written, (thrown: unknown) => {
        this.#log.warn(
          { node: view.name, err: errorText(thrown) },
          'the registry was not told of a node; it will be tried again',
        );
        written(false);
      });
  }

  /**
   * Bars a node, or one key of it, and ends the instances that served with it; resolves to how many. Throws
   * `NODE_UNKNOWN`, `KEY_UNKNOWN`, `STORE_UNAVAILABLE` or `STORE_CONFLICT`.
   */
  async revoke(name: string, key?: string): Promise<number> {
    const instances = await this.#registry.revoke(name, key, Date.now());
    const what = key === undefined ? `node '${name}'` : `this key of node '${name}'`;
    for (const { id } of instances) {
      const body = { instance: id, kind: 'revoked' as const, message: `${what} was revoked` };
      this.#bus.publish(subjects.notice, { node: name }, body);
    }
    return instances.length;
  }

  /** Bars the keys that a join token has bound to a node; resolves to how many. Throws what the registry throws. */
  async revokeJoinedWith(name: string, token: string): Promise<number> {
    const bound = await this.#registry.keysBoundBy(name, token);
    for (const key of bound) await this.revoke(name, key);
    return bound.length;
  }

  /** Lets a node of a revoked name join again, by new keys. Throws `NODE_UNKNOWN` and what the registry throws. */
  allow(name: string): Promise<void> {
    return this.#registry.allow(name, Date.now());
  }

  /**
   * Ends the sessions of a node, or of one instance, and lets nobody in for `barMs`; resolves to the ids of the instances.
   * Throws `NODE_UNKNOWN`, `INSTANCE_UNKNOWN` and what the registry throws.
   */
  async kick(name: string, instance: string | undefined, barMs: number): Promise<string[]> {
    const instances = await this.#registry.kick(name, instance, barMs, Date.now());
    const message = `node '${name}' was kicked`;
    for (const { id } of instances) {
      const body = { instance: id, kind: 'hello' as const, message, kicked: true };
      this.#bus.publish(subjects.notice, { node: name }, body);
    }
    return instances.map(({ id }) => id);
  }

  /** Ends all watches and gives the nodes up, so that another hub adopts them at once. Never throws. */
  async release(): Promise<void> {
    this.#released = true;
    const owned = [...this.#views.values()].filter((view) => view.watch !== undefined);
    const next = owned[Symbol.iterator]();
    const worker = async () => {
      for (const view of next) {
        this.#endWatch(view);
        await this.#registry.release(view.name, this.#hub).catch((thrown: unknown) => {
          this.#log.warn({ node: view.name, err: errorText(thrown) }, 'a node was not given up');
        });
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
  }

  /** Resolves when no call from here to any node is open, or after `withinMs`. */
  async callsOver(withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    const open = () => [...this.#views.values()].some(({ openCalls }) => openCalls > 0);
    while (open() && performance.now() < until) await sleep(lookMs, undefined, { ref: false });
  }

  stop(): void {
    this.#stopListening();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const view of this.#views.values()) this.#endWatch(view);
    this.#transitions.use(undefined);
    this.#listeners.clear();
    this.#watchers.clear();
  }

  #changed(name: string, entry: NodeEntry | undefined): void {
    const view = this.#views.get(name);
    if (entry === undefined) {
      if (view !== undefined) this.#drop(view);
      return;
    }
    const before = view?.entry ?? entry;
    const current = view ?? new NodeView(entry, this.#bandwidth);
    current.entry = entry;
    this.#views.set(name, current);
    this.#mirrorInstances(current);
    if (entry.owner !== this.#hub) this.#endWatch(current);
    else if (current.watch === undefined && !this.#released) this.#beginWatch(current, before);
    current.watch?.reconcile(entry);
    current.refresh();
    this.record(current);
    this.#tell(name);
  }

  #mirrorInstances(view: NodeView): void {
    const present = new Set<string>();
    for (const one of view.entry.instances) {
      present.add(one.id);
      const known = view.instances.get(one.id);
      if (known !== undefined) known.entry = one;
      else view.instances.set(one.id, new InstanceView(view.name, one, this.#peers));
    }
    for (const [id, instance] of view.instances) {
      if (present.has(id)) continue;
      view.instances.delete(id);
      this.#peers.forget(instance.address, gone);
    }
  }

  #beginWatch(view: NodeView, before: NodeEntry): void {
    const roll = new Roll(before, this.#attendance);
    view.watch = new NodeWatch({
      before,
      log: this.#log,
      publish: (transition) =>
        this.#transitions.publish(subjects.nodeTransition, { node: view.name }, transition),
      moved: (transition) => {
        this.#log.info(
          { node: view.name, event: transition.event, from: transition.from, to: transition.to },
          'node',
        );
        const { watch } = view;
        if (watch !== undefined) for (const hear of this.#watchers) hear(view, watch, transition);
      },
      changed: () => {
        for (const instance of view.instances.values()) {
          if (view.standing(instance) === undefined) this.#peers.forget(instance.address, gone);
        }
        view.refresh();
        this.record(view);
        roll.look(view);
        this.#tell(view.name);
      },
    });
  }

  #endWatch(view: NodeView): void {
    view.watch?.stop();
    view.watch = undefined;
  }

  #drop(view: NodeView): void {
    this.#endWatch(view);
    this.#views.delete(view.name);
    for (const { address } of view.instances.values()) this.#peers.forget(address, gone);
    this.#tell(view.name);
  }

  #tell(name: string): void {
    for (const listener of this.#listeners) listener(name);
  }
}
