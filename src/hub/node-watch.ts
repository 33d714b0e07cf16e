import { type NodeSnapshot, nodeMachine, standingOf } from '../../machines/node.js';
import type { NodeEvent } from '../../machines/node-events.js';
import { type RunningActor, startActor } from '../actors/host.js';
import type { InstanceEntry, NodeEntry, Standing, Transition } from '../bus/messages.js';
import type { Logger } from '../log.js';
import { wasKicked } from './kicks.js';
import type { Findings } from './registry.js';
import { remembered } from './remembered.js';

/** The registry's `lastSeenAtMs` of a connected node may be so old, in milliseconds. */
const lastSeenGrainMs = 60_000;

/** Watches over one node that this hub owns: runs its machine and knows what the registry has to be told. */
export class NodeWatch {
  readonly #actor: RunningActor<typeof nodeMachine>;
  /** Instances of the registry's entry that the machine was told of, and the link of each, as `machine/id`. */
  readonly #told: Map<string, string>;
  #callsToldOpen = 0;
  /** The registry's entry when the watch began. */
  readonly before: NodeEntry;
  lastSeenAtMs = 0;
  /** Its instances are remembered from another hub: they are to be pinged before their turn. */
  urgent: boolean;
  /** A write to the registry is under way. */
  recording = false;

  /** `before` is the entry as it was when the watch began: its instances are remembered, later ones claim. */
  constructor(options: {
    before: NodeEntry;
    /** Takes all that the node's actor tells of itself. */
    publish: (transition: Transition) => void;
    /** Told each transition. */
    moved: (transition: Transition) => void;
    /** Told after each transition, and after each change of an instance's standing. */
    changed: () => void;
    log: Logger;
  }) {
    const { before } = options;
    this.before = before;
    this.urgent = before.instances.length > 0;
    this.#told = new Map(before.instances.map((one) => [one.id, linkOf(before.name, one)]));
    this.#actor = startActor({
      machine: nodeMachine,
      machineName: 'node',
      id: before.name,
      input: remembered(before),
      publish: options.publish,
      changed: (previous, next) =>
        standingsChanged(previous, next) || previous.context.drained !== next.context.drained,
      context: ({ context }) => ({
        epoch: context.epoch,
        calls: context.calls,
        instances: context.instances,
        ...(context.drained ? { drained: true } : {}),
      }),
      log: options.log,
    });
    this.#actor.onTransition((transition) => {
      options.moved(transition);
      options.changed();
    });
  }

  get snapshot(): NodeSnapshot {
    return this.#actor.snapshot();
  }

  /** How far the instance itself may be given calls; where the node is drained none is. */
  standing(instance: string): Standing | undefined {
    return standingOf(this.#actor.snapshot(), instance);
  }

  /** Last measured round trip in microseconds; 0: none. */
  roundTripUs(instance: string): number {
    return this.#actor.snapshot().context.instances[instance]?.roundTripUs ?? 0;
  }

  /** Instances that are to be pinged. */
  instances(): string[] {
    return Object.keys(this.#actor.snapshot().context.instances);
  }

  send(event: NodeEvent): void {
    const { type } = event;
    if (type === 'HEARD' || type === 'CLAIMED') this.lastSeenAtMs = Date.now();
    const isOfLink = type === 'HEARD' || type === 'CLAIMED' || type === 'BYE';
    this.#actor.send(event, isOfLink ? this.#told.get(event.instance) : undefined);
  }

  /** An instance took its place, or came back to it. */
  claimed(one: InstanceEntry): void {
    const { id, epoch, share } = one;
    this.#told.set(id, linkOf(this.before.name, one));
    // Nobody is let in whose name is revoked: the entry that says so may still be on its way.
    this.#allowed();
    this.send({ type: 'CLAIMED', instance: id, epoch, share });
  }

  /** Counts calls now and then; the machine hears of it when it makes a difference. */
  callsOpen(open: number): void {
    if (open > 0 === this.#callsToldOpen > 0) return;
    this.#callsToldOpen = open;
    this.send({ type: 'CALLS_CHANGED', open });
  }

  /** The registry's entry has changed, perhaps by another hub. */
  reconcile(entry: NodeEntry): void {
    if (entry.revokedAtMs !== undefined) this.send({ type: 'REVOKED' });
    else this.#allowed();
    const drained = entry.drained !== undefined;
    if (drained !== this.#actor.snapshot().context.drained) {
      this.send({ type: drained ? 'DRAIN_ASKED' : 'RESUME_ASKED' });
    }
    const present = new Set(entry.instances.map(({ id }) => id));
    for (const one of entry.instances) {
      // One that fell silent here has said hello to another hub.
      const back = one.standing === 'joining' && this.standing(one.id) === 'suspect';
      if (back || !this.#told.has(one.id)) this.claimed(one);
    }
    for (const id of this.#told.keys()) {
      if (present.has(id)) continue;
      this.#told.delete(id);
      if (this.standing(id) === undefined) continue;
      if (wasKicked(entry, id)) this.send({ type: 'KICK_ASKED', instance: id });
      else this.send({ type: 'BYE', instance: id, reason: 'stopped' });
    }
  }

  #allowed(): void {
    if (this.#actor.snapshot().matches('revoked')) this.send({ type: 'ALLOWED' });
  }

  /** What the registry should be told about the entry's instances; undefined: it knows. */
  findings(entry: NodeEntry): Findings | undefined {
    const standings = new Map<string, Standing | 'gone'>();
    for (const { id, standing } of entry.instances) {
      const found = this.#told.has(id) ? (this.standing(id) ?? 'gone') : standing;
      if (found !== standing) standings.set(id, found);
    }
    const stale = this.lastSeenAtMs - entry.lastSeenAtMs > lastSeenGrainMs;
    return standings.size > 0 || stale ? { standings, lastSeenAtMs: this.lastSeenAtMs } : undefined;
  }

  stop(): void {
    this.#actor.stop();
  }
}

function linkOf(node: string, { boot }: InstanceEntry): string {
  return `link/${node}.${boot}`;
}

/** True when an instance came, went or changed its standing. */
function standingsChanged(previous: NodeSnapshot, next: NodeSnapshot): boolean {
  const [before, after] = [previous.context.instances, next.context.instances];
  if (before === after) return false;
  const ids = Object.keys(after);
  return (
    ids.length !== Object.keys(before).length ||
    ids.some((id) => standingOf(previous, id) !== standingOf(next, id))
  );
}
