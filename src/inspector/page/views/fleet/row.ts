import type { Actor, Transition } from '../../../../gen/web/postern/v1/inspector_pb.js';
import type { Node } from '../../../../gen/web/postern/v1/nodes_pb.js';
import { moveText } from '../machine/model.js';
import { serviceName } from './services.js';

/** The last thing that befell a machine of a node. */
export interface Change {
  readonly atMs: number;
  readonly machine: string;
  readonly event: string;
  readonly to: string;
}

/** The last error that a machine of a node told. */
export interface Trouble {
  /** When it was told, Unix time in milliseconds. */
  readonly atMs: number;
  readonly machine: string;
  readonly text: string;
}

/** An actor of a node, as much of it as the fleet shows. */
export type ActorFacts = Pick<
  Actor,
  'machine' | 'id' | 'node' | 'state' | 'sinceMs' | 'bornMs' | 'sequence' | 'gone' | 'definition'
>;

/** What is known of a node beside what the hub's list says. */
export interface Story {
  readonly change: Change | undefined;
  readonly trouble: Trouble | undefined;
  /** Its machines, by `machine/id`. */
  readonly actors: ReadonlyMap<string, ActorFacts>;
}

/** A line of the fleet. */
export interface FleetRow extends Story {
  readonly node: Node;
  readonly name: string;
  readonly transports: readonly string[];
  readonly hubs: readonly string[];
  /** `key=value`. */
  readonly labels: readonly string[];
  /** Their full names. */
  readonly services: readonly string[];
  /** The shortest, in milliseconds; undefined: not measured by this hub. */
  readonly roundTripMs: number | undefined;
  /** When the node came into its state, Unix time in milliseconds; 0: not known. */
  readonly sinceMs: number;
  /** All that is searched, in small letters. */
  readonly text: string;
}

/** Nothing is known yet. */
export const noStory: Story = { change: undefined, trouble: undefined, actors: new Map() };

/** The line of a node. */
export function rowOf(node: Node, story: Story): FleetRow {
  const { name, instances } = node;
  const transports = distinct(instances.map(({ transport }) => transport));
  const hubs = distinct(instances.map(({ hub }) => hub));
  const labels = labelsOf(node);
  const services = distinct(
    instances.flatMap((instance) =>
      instance.services.length === 0 ? ['all'] : instance.services.map(serviceName),
    ),
  );
  const trips = instances.map(({ roundTripUs }) => Number(roundTripUs)).filter((us) => us > 0);
  const own = story.actors.get(`node/${name}`);
  return {
    ...story,
    ...{ node, name, transports, hubs, labels, services },
    roundTripMs: trips.length === 0 ? undefined : Math.min(...trips) / 1_000,
    sinceMs: own !== undefined && own.state === node.state ? own.sinceMs : 0,
    text: [
      name,
      node.state,
      ...transports,
      ...hubs,
      ...labels,
      ...services,
      story.trouble?.text ?? '',
      ...ids(node),
    ]
      .join('\n')
      .toLowerCase(),
  };
}

/** `key=value` of each label, sorted. */
export function labelsOf({ labels }: Node): string[] {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
}

/** The story after an actor was told as it is. */
export function withActor(story: Story, actor: Actor): Story {
  const { machine, id, node, state, sinceMs, bornMs, sequence, gone, definition } = actor;
  const facts = { machine, id, node, state, sinceMs, bornMs, sequence, gone, definition };
  const change = later(story.change, { atMs: sinceMs, machine, event: '', to: state });
  return {
    change,
    trouble: later(story.trouble, troubleIn(actor.contextJson, sinceMs, machine)),
    actors: new Map(story.actors).set(`${machine}/${id}`, facts),
  };
}

/** The story after a transition. */
export function withTransition(story: Story, transition: Transition): Story {
  const { machine, id, node, atMs, bornMs, sequence, event, from, to, definition } = transition;
  const key = `${machine}/${id}`;
  const before = story.actors.get(key);
  const state = to === '' ? from : to;
  // What was told of the actor itself tells more than the transitions up to then: whether it is gone.
  const isNews =
    before === undefined ||
    bornMs > before.bornMs ||
    (bornMs === before.bornMs && sequence > before.sequence);
  const moved = before === undefined || before.state !== state || before.bornMs !== bornMs;
  const facts: ActorFacts = {
    ...{ machine, id, node, state, bornMs, sequence, definition, gone: to === '' },
    sinceMs: moved ? atMs : before.sinceMs,
  };
  return {
    change: later(story.change, { atMs, machine, event: moveText({ from, event }), to }),
    trouble: later(story.trouble, troubleIn(transition.contextJson, atMs, machine)),
    actors: isNews ? new Map(story.actors).set(key, facts) : story.actors,
  };
}

/** The error among the facts of an actor: what has a code and a message. */
function troubleIn(contextJson: string, atMs: number, machine: string): Trouble | undefined {
  // Most have none, and need not be read.
  if (!contextJson.includes('rror"')) return undefined;
  try {
    const facts: unknown = JSON.parse(contextJson);
    const found = isRecord(facts) ? (facts.error ?? facts.lastError) : undefined;
    if (!isRecord(found) || typeof found.message !== 'string') return undefined;
    const code = typeof found.code === 'string' ? `${found.code}: ` : '';
    return { atMs, machine, text: `${code}${found.message}` };
  } catch {
    return undefined;
  }
}

function later<T extends { readonly atMs: number }>(a: T | undefined, b: T | undefined): T | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.atMs >= a.atMs ? b : a;
}

function ids({ instances }: Node): string[] {
  return instances.flatMap(({ id, version }) => [id, version]);
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values.filter((value) => value !== ''))].sort();
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
