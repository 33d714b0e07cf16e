import { randomBytes } from 'node:crypto';
import type { Decision } from '../bus/compare-and-set.js';
import type { Hello, HelloAnswer, InstanceEntry, NodeEntry } from '../bus/messages.js';
import { barredForMs, wasKicked } from './kicks.js';

const mostInstances = 256;

/** A refusal as `helloAnswer` carries it. */
export type Refusal = Extract<HelloAnswer, { ok: false }>;

/** What became of a hello. */
export type ClaimResult =
  | { ok: true; instance: InstanceEntry; superseded: InstanceEntry[]; resumed: boolean }
  | Refusal;

/** Who says hello to whom. */
export interface Claim {
  readonly node: string;
  /** Proven by the subject. */
  readonly key: string;
  readonly hello: Hello;
  /** The hub that answers, and becomes owner where there is none that lives. */
  readonly hub: string;
  /** The hub that the tunnel leads to, where the instance has one. */
  readonly tunnelTo?: string;
  /** The instance id that the process had in an earlier tunnel. */
  readonly before?: string;
  /** Unix time in milliseconds. */
  readonly nowMs: number;
  /** True when a hub of this instance id is known to live. */
  readonly ownerLives: (owner: string) => boolean;
}

function refuse(code: Refusal['code'], message: string): Decision<NodeEntry, ClaimResult> {
  return { result: { ok: false, code, message } };
}

/** The epoch in an instance id that we gave once; undefined for anything else. */
function epochOf(instance: string): number | undefined {
  const epoch = /^([1-9][0-9]{0,14})-[0-9a-f]{16}$/.exec(instance)?.[1];
  return epoch === undefined ? undefined : Number(epoch);
}

/** Whether the instance is of the very process that claims. */
function isOf(one: InstanceEntry, { key, hello }: Claim): boolean {
  return one.key === key && one.boot === hello.boot;
}

/** The instance that this very process has already, or undefined. */
function sameProcess(entry: NodeEntry, claim: Claim): InstanceEntry | undefined {
  const { instance } = claim.hello;
  return entry.instances.find((one) => isOf(one, claim) && (instance === undefined || one.id === instance));
}

/** Id and epoch of an instance that was given up as lost while nobody else came: it keeps them. */
function lostAndBack(entry: NodeEntry, hello: Hello): { id: string; epoch: number } | undefined {
  const epoch = hello.instance === undefined ? undefined : epochOf(hello.instance);
  if (hello.instance === undefined || epoch === undefined || epoch > entry.epoch) return undefined;
  if (wasKicked(entry, hello.instance)) return undefined;
  const free = entry.instances.every((one) => one.id !== hello.instance && one.epoch !== epoch);
  return free && (hello.share || epoch === entry.epoch) ? { id: hello.instance, epoch } : undefined;
}

/**
 * Decides on a hello, given the node's present entry. With the same key the newer process supersedes the older,
 * with another key it has to wait, unless all of them share the node.
 */
export function decideClaim(entry: NodeEntry | undefined, claim: Claim): Decision<NodeEntry, ClaimResult> {
  const { node, key, hello, nowMs } = claim;
  if (entry === undefined)
    return refuse('revoked', `node '${node}' is not known here: enrol it with a join token`);
  if (entry.revokedAtMs !== undefined) return refuse('revoked', `node '${node}' was revoked`);
  if (!entry.keys.some((bound) => bound.key === key)) {
    return refuse('revoked', `this key is not bound to node '${node}': enrol it with a join token`);
  }
  // A tunnel that is opened anew is another instance: the one before may hang in a connection that is half dead.
  const anew = claim.tunnelTo !== undefined && hello.instance === undefined;
  const mine = anew ? undefined : sameProcess(entry, claim);
  const barMs = mine === undefined ? barredForMs(entry, key, nowMs) : 0;
  if (barMs > 0) {
    return refuse('retry', `node '${node}' was kicked: it may come again in ${Math.ceil(barMs / 1000)} s`);
  }
  const inTheWay =
    mine === undefined
      ? entry.instances.filter((one) => !(one.share && hello.share) || (anew && isOf(one, claim)))
      : [];
  if (inTheWay.some((one) => one.key !== key)) {
    return refuse(
      'occupied',
      `node '${node}' is served by an agent with another key, and they do not both share it`,
    );
  }
  const before = epochOf(hello.instance ?? claim.before ?? '');
  const newer = (one: InstanceEntry): boolean =>
    before !== undefined && one.epoch > before && !(anew && isOf(one, claim));
  if (inTheWay.some(newer)) {
    return refuse('superseded', `a newer process with the same key serves node '${node}'`);
  }
  const superseded = inTheWay;
  const staying = entry.instances.filter((one) => one !== mine && !superseded.includes(one));
  if (staying.length >= mostInstances)
    return refuse('retry', `node '${node}' has ${mostInstances} instances already`);
  const place = mine ?? lostAndBack(entry, hello) ?? newPlace(entry.epoch + 1);
  const instance: InstanceEntry = {
    id: place.id,
    epoch: place.epoch,
    key,
    boot: hello.boot,
    // A process does not change its mind.
    share: mine?.share ?? hello.share,
    sinceMs: mine?.sinceMs ?? nowMs,
    services: hello.services,
    version: hello.version,
    transport: hello.transport ?? 'nats',
    ...(claim.tunnelTo === undefined ? {} : { hub: claim.tunnelTo }),
    // It listens only after it has heard of its place: until it has answered a ping it joins.
    standing: mine === undefined || mine.standing === 'suspect' ? 'joining' : mine.standing,
  };
  const write: NodeEntry = {
    ...entry,
    labels: { ...hello.labels, ...entry.granted },
    epoch: Math.max(entry.epoch, place.epoch),
    owner: mayKeepOwner(entry, claim) ? entry.owner : claim.hub,
    instances: [...staying, instance],
    lastSeenAtMs: nowMs,
  };
  return { write, result: { ok: true, instance, superseded, resumed: place.id === hello.instance } };
}

/**
 * Whoever has a tunnel watches over its node: the hub before may have died a moment ago, with the tunnel before, and the
 * node would wait until that is known.
 */
function mayKeepOwner(entry: NodeEntry, claim: Claim): boolean {
  return claim.tunnelTo !== claim.hub && claim.ownerLives(entry.owner);
}

function newPlace(epoch: number): { id: string; epoch: number } {
  return { id: `${epoch}-${randomBytes(8).toString('hex')}`, epoch };
}
