import type {
  Actor,
  Definition,
  Edge,
  StateNode,
  Transition,
  WatchResponse,
} from '../../../../gen/web/postern/v1/inspector_pb.js';
import { type Chart, chartOf, type EdgeShape, type Rectangle, type StateTree } from './chart.js';
import type { ActorNow, Counts, Move } from './model.js';
import type { News } from './world.js';

const nowhere: Rectangle = { x: 0, y: 0, width: 0, height: 0 };

/** What a message of a watch tells. */
export function newsOf({ actors, transitions, live, lost }: WatchResponse): News {
  return { actors: actors.map(actorNow), moves: transitions.map(moveOf), live, lost };
}

/** An actor as the hub tells it. */
export function actorNow(actor: Actor): ActorNow {
  const { machine, id, node, run, state, sinceMs, bornMs, sequence, gone, definition, operations } = actor;
  return {
    ...{ machine, id, node, run, state, sinceMs, bornMs, gone, definition, operations },
    sequence: Number(sequence),
    context: actor.contextJson,
    ignored: counts(actor.ignored),
  };
}

/** The drawing of a definition as the hub gives it. */
export function chartOfDefinition({ machine, hash, root, edges }: Definition): Chart | undefined {
  return root === undefined ? undefined : chartOf(machine, hash, treeOf(root), edges.map(edgeOf));
}

function moveOf(transition: Transition): Move {
  const { machine, id, bornMs, sequence, atMs, event, from, to, edges, by, node, definition } = transition;
  return {
    ...{ machine, id, bornMs, atMs, event, from, to, edges, by, node, definition },
    sequence: Number(sequence),
    detail: transition.detailJson,
    context: transition.contextJson,
    ignored: counts(transition.ignored),
  };
}

function treeOf(node: StateNode): StateTree {
  const { path, type, tags, description, initial, entry, exit, invokes } = node;
  return {
    ...{ path, type, tags, description, initial, entry, exit, invokes },
    box: node.box ?? nowhere,
    states: node.states.map(treeOf),
  };
}

function edgeOf(edge: Edge): EdgeShape {
  const { id, source, targets, event, guard, delay, actions, description, operation, points, label } = edge;
  return { id, source, targets, event, guard, delay, actions, description, operation, points, label };
}

function counts(told: Readonly<Record<string, bigint>>): Counts {
  return Object.fromEntries(Object.entries(told).map(([type, count]) => [type, Number(count)]));
}
