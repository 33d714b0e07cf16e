import { status } from '@grpc/grpc-js';
import { CallFailed } from '../../client/call-failed.js';
import { errorText, PosternError } from '../../errors.js';
import type { FaultKind } from '../../fault-kinds.js';
import { faultWords } from '../../fault-words.js';
import type { GetFaultCapabilitiesResponse } from '../../gen/postern/v1/faults.js';
import { refuseClashes } from '../plan/clashes.js';
import { type Plan, type PlannedFault, type PlannedShape, plainPlanned } from '../plan/plan.js';
import { answerMs, nodesAtOnce, type RunContextOf } from './context.js';
import { nodesBetween } from './fault-others.js';
import { type Addresses, toldShape, usable, wireShape } from './fault-peers.js';
import { forEach, insist, type StepLife } from './step.js';

type Asker = Pick<RunContextOf, 'calls'>;

/** What a node has to be able to do; towards all nodes that any of its faults alike names. */
interface NodeAct {
  readonly node: string;
  readonly kind: FaultKind;
  readonly shape: PlannedShape;
  /** The longest of them, milliseconds. */
  readonly forMs: number;
}

/** So much is told of what is refused, characters. */
const mostTold = 1_800;

/**
 * Asks each node about each thing that it shall do, before anything has begun: there are no more than the scenario has
 * kinds in its faults. Gives the addresses of the nodes that faults name, act on others from, or may meet others of. Throws `STEP_IMPOSSIBLE`
 * that tells all refusals at once.
 */
export async function checkFaults(
  run: Asker,
  life: StepLife,
  { faults }: Pick<Plan, 'faults'>,
): Promise<Addresses> {
  const nodes = new AskedNodes(run, life);
  const acts = actsOf(faults);
  const naming = acts.filter(({ shape }) => shape.from.length > 0);
  const named = new Set(naming.flatMap(({ node, shape }) => [node, ...shape.from]));
  const between = nodesBetween(acts);
  // Where several disturb what lies between nodes, each is told where the others are.
  if (between.size > 1) for (const node of between) named.add(node);
  const addresses = new Map<string, readonly string[]>();
  await forEach([...named], nodesAtOnce, async (node) => {
    addresses.set(node, usable((await nodes.able(node)).addresses));
  });

  const refused = new Refusals();
  const by = new Map<NodeAct, string>();
  await forEach([...byNode(acts).values()], nodesAtOnce, async (own) => {
    for (const act of own) {
      const lost = await unfindable(nodes, act, addresses);
      if (lost !== undefined) refused.add(act, lost);
      else {
        const found = await nodes.check(act, addresses);
        if ('by' in found) by.set(act, found.by);
        else refused.add(act, found.refused);
      }
    }
  });
  refused.throwAny();
  refuseMeetings(faults, acts, by);
  return addresses;
}

/** Those that differ in more than when they come, whom they name and what their chance is drawn from. */
function actsOf(faults: readonly PlannedFault[]): NodeAct[] {
  const acts = new Map<string, { act: NodeAct; forMs: number; from: Set<string> }>();
  for (const { node, kind, shape, forMs } of faults) {
    const key = keyOf({ node, kind, shape });
    const found = acts.get(key) ?? { act: { node, kind, shape, forMs }, forMs, from: new Set() };
    acts.set(key, found);
    found.forMs = Math.max(found.forMs, forMs);
    for (const other of shape.from) found.from.add(other);
  }
  return [...acts.values()].map(({ act, forMs, from }) => ({
    ...act,
    forMs,
    shape: { ...act.shape, from: [...from].sort(), seed: '' },
  }));
}

function keyOf({ node, kind, shape }: Omit<NodeAct, 'forMs'>): string {
  return JSON.stringify([node, kind, { ...shape, from: shape.from.length > 0, seed: '' }]);
}

function byNode(acts: readonly NodeAct[]): Map<string, NodeAct[]> {
  const nodes = new Map<string, NodeAct[]>();
  for (const act of acts) nodes.set(act.node, [...(nodes.get(act.node) ?? []), act]);
  return nodes;
}

/** Why a node cannot tell others from itself; undefined: it can. */
async function unfindable(
  nodes: AskedNodes,
  { node, shape }: NodeAct,
  addresses: Addresses,
): Promise<string | undefined> {
  const peers = toldShape(shape, node, addresses).from.filter((peer) => peer.addresses.length === 0);
  if (peers.length === 0) return undefined;
  const { relays } = await nodes.able(node);
  const lost = peers.map((peer) => peer.node).filter((name) => !relays.some((relay) => relay.node === name));
  if (lost.length === 0) return undefined;
  const names =
    lost.length > 4 ? `${lost.slice(0, 3).join(', ')} and ${lost.length - 3} more` : lost.join(', ');
  return `it cannot tell ${names} apart: they have no address but those that it has too, and it has no relay to them. Say postern agent --daemon-address, or --daemon-relay, or use provider lab`;
}

/** What is known only when nodes have said by what they would do it. */
function refuseMeetings(
  faults: readonly PlannedFault[],
  acts: readonly NodeAct[],
  by: ReadonlyMap<NodeAct, string>,
): void {
  const ways = new Map(acts.map((act) => [keyOf(act), by.get(act)]));
  try {
    refuseClashes(faults, { by: (fault) => ways.get(keyOf(fault)) });
  } catch (thrown) {
    throw new PosternError('STEP_IMPOSSIBLE', errorText(thrown), { cause: thrown });
  }
}

/** What nodes can do, each asked once. */
class AskedNodes {
  readonly #run: Asker;
  readonly #life: StepLife;
  readonly #able = new Map<string, Promise<GetFaultCapabilitiesResponse>>();

  constructor(run: Asker, life: StepLife) {
    this.#run = run;
    this.#life = life;
  }

  able(node: string): Promise<GetFaultCapabilitiesResponse> {
    const { calls } = this.#run;
    const { signal } = this.#life;
    const asked =
      this.#able.get(node) ??
      insist(this.#life, `what faults ${node} can make`, () =>
        calls.ask(
          node,
          ({ faults }) => faults.getFaultCapabilities.bind(faults),
          {},
          { signal, withinMs: answerMs },
        ),
      );
    this.#able.set(node, asked);
    return asked;
  }

  /** By what a node would do it, or why it cannot. */
  check(act: NodeAct, addresses: Addresses): Promise<{ by: string } | { refused: string }> {
    const { node, kind, shape, forMs } = act;
    const { calls } = this.#run;
    const { signal } = this.#life;
    const request = { kind, forMs, shape: wireShape(toldShape(shape, node, addresses)) };
    return insist(this.#life, `whether ${node} can make the fault ${kind}`, async () => {
      try {
        const { by, reason, code } = await calls.ask(
          node,
          ({ faults }) => faults.checkFault.bind(faults),
          request,
          { signal, withinMs: answerMs },
        );
        return by === '' ? { refused: reason || code } : { by };
      } catch (thrown) {
        if (!(thrown instanceof CallFailed)) throw thrown;
        if (thrown.status.code === status.INVALID_ARGUMENT) return { refused: thrown.status.details };
        if (thrown.status.code !== status.UNIMPLEMENTED) throw thrown;
      }
      return this.#earlier(act);
    });
  }

  /** An agent of a release that knew no shapes tells its kinds alone, which are done in their plain way. */
  async #earlier({ node, kind, shape }: NodeAct): Promise<{ by: string } | { refused: string }> {
    const found = (await this.able(node)).kinds.find((one) => one.kind === kind);
    if (found === undefined || JSON.stringify(shape) !== JSON.stringify(plainPlanned(kind))) {
      return { refused: 'its agent is of a release that does not know it: update it' };
    }
    return found.by === '' ? { refused: found.reason } : { by: found.by };
  }
}

/** What nodes cannot do, by what and why. */
class Refusals {
  readonly #nodes = new Map<string, string[]>();

  add({ node, kind, shape }: NodeAct, why: string): void {
    // Whom it names is another one at each node.
    const text = `cannot make the fault ${faultWords(kind, { ...shape, from: [] })}: ${why}`;
    this.#nodes.set(text, [...(this.#nodes.get(text) ?? []), node]);
  }

  throwAny(): void {
    if (this.#nodes.size === 0) return;
    const lines = [...this.#nodes].map(([text, nodes]) => `${few(nodes.sort())} ${text}`).sort();
    let told = '';
    for (const [at, line] of lines.entries()) {
      if (told.length + line.length > mostTold && at > 0) {
        told += `\nand ${lines.length - at} more`;
        break;
      }
      told += `${at === 0 ? '' : '\n'}${line.slice(0, mostTold)}`;
    }
    throw new PosternError('STEP_IMPOSSIBLE', told);
  }
}

function few(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}
