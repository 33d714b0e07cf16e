/**
 * What a machine is, read from the machine itself: its states and all transitions that it has. Charts, the list of what
 * an operator may do and the edges that transitions name come from here and from nowhere else.
 */
import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate';
import { eventName } from './event-name.js';
import { type OperatorMark, operatorMarkOf } from './operator-mark.js';

/** A state, or the machine. */
export interface DefinedState {
  /** Its place in the machine: `connected.idle`; empty: the machine itself. */
  readonly path: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly description: string;
  /** Path of the state that is entered first; empty: none. */
  readonly initial: string;
  /** In the order of the definition. */
  readonly states: readonly DefinedState[];
  /** Names of the actions on entry and exit, and of what runs while it lasts. */
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly invokes: readonly string[];
  /** How it is to be looked at, see `StateTag`. */
  readonly tags: readonly string[];
}

/** A transition that a machine has. */
export interface DefinedEdge {
  /** Its name within the definition: `online:DRAIN`, and `waiting:HUB_HEARD#2` for the second that may follow an event. */
  readonly id: string;
  /** Path of the state that it leaves. */
  readonly source: string;
  /** Paths of where it leads; none: it stays and acts. */
  readonly targets: readonly string[];
  /** The event as people read it, see `eventName`; empty: taken as soon as its guard holds. */
  readonly event: string;
  /** Name of its guard; `(unnamed)` for one without a name; empty: none. */
  readonly guard: string;
  /** Name or milliseconds of the delay after which it is taken; empty: none. */
  readonly delay: string;
  /** Names of its actions; those of XState without a name of ours by what they do: `assign`. */
  readonly actions: readonly string[];
  readonly description: string;
  /** It is for operators. */
  readonly operation: OperatorMark | undefined;
}

/** A machine. */
export interface MachineDefinition {
  readonly machine: string;
  /** The machine itself, with all states in it. */
  readonly root: DefinedState;
  /** Those of a state before those of the states in it. */
  readonly edges: readonly DefinedEdge[];
}

type StateNode = AnyStateMachine['root'];

const known = new WeakMap<object, MachineDefinition>();
const knownIds = new WeakMap<AnyTransitionDefinition, string>();

/**
 * The definition of a machine. It depends on nothing but what the machine was made from, so machines that differ only in
 * the effects that were provided to them share it.
 */
export function definitionOf(machine: AnyStateMachine): MachineDefinition {
  const present = known.get(machine.config);
  if (present !== undefined) return present;
  const edges: DefinedEdge[] = [];
  const root = stateOf(machine.root, edges);
  const definition = { machine: machine.id, root, edges };
  known.set(machine.config, definition);
  return definition;
}

/** Id of the edge that a transition is; undefined: it is none of its machine's, as the entry into the first state. */
export function edgeIdOf(transition: AnyTransitionDefinition): string | undefined {
  const present = knownIds.get(transition);
  if (present !== undefined) return present;
  const { source, eventType } = transition;
  const siblings = eventType === '' ? source.always : source.transitions.get(eventType);
  const index = siblings?.indexOf(transition) ?? -1;
  if (index < 0) return undefined;
  const id = idOf(source, eventType, index);
  knownIds.set(transition, id);
  return id;
}

/** All states of a definition in which a machine can be: those without states in them. */
export function leafStates(state: DefinedState): DefinedState[] {
  return state.states.length === 0 ? [state] : state.states.flatMap(leafStates);
}

function idOf(source: StateNode, eventType: string, index: number): string {
  const event = eventType === '' ? '(always)' : eventName(eventType);
  return `${pathOf(source)}:${event}${index === 0 ? '' : `#${index + 1}`}`;
}

/** The state, and its edges put behind those of `edges`. */
function stateOf(node: StateNode, edges: DefinedEdge[]): DefinedState {
  for (const [eventType, transitions] of [...node.transitions, ['', node.always ?? []] as const]) {
    transitions.forEach((transition, index) => {
      edges.push({
        id: idOf(node, eventType, index),
        source: pathOf(node),
        targets: (transition.target ?? []).map(pathOf),
        event: eventName(eventType),
        guard: transition.guard === undefined ? '' : nameOf(transition.guard),
        delay: delayOf(transition),
        actions: transition.actions.map(nameOf),
        description: transition.description ?? '',
        operation: operatorMarkOf(transition.meta),
      });
    });
  }
  // XState adds what sets and clears the timers of `after` to the node's own lists
  const { entry, exit } = node.config;
  const initial = node.initial?.target[0];
  return {
    path: pathOf(node),
    type: node.type,
    description: node.description ?? '',
    initial: initial === undefined ? '' : pathOf(initial),
    states: Object.values(node.states).map((child) => stateOf(child, edges)),
    entry: listOf(entry).map(nameOf),
    exit: listOf(exit).map(nameOf),
    invokes: node.invoke.map(({ src }) => invokedName(src)),
    tags: [...node.tags],
  };
}

function pathOf(node: StateNode): string {
  return node.path.join('.');
}

function delayOf(transition: object): string {
  return 'delay' in transition ? String(transition.delay) : '';
}

function listOf(actions: unknown): unknown[] {
  if (actions === undefined) return [];
  return Array.isArray(actions) ? actions : [actions];
}

/** The name of an action or guard: XState takes a name, an object that has it as its type, or code. */
function nameOf(thing: unknown): string {
  const type =
    thing !== null && (typeof thing === 'object' || typeof thing === 'function') && 'type' in thing
      ? thing.type
      : thing;
  return typeof type === 'string' ? type.replace(/^xstate\./, '') : '(unnamed)';
}

/** What is invoked without a name gets one from XState, that tells only where it stands. */
function invokedName(src: unknown): string {
  return typeof src === 'string' && !src.startsWith('xstate.invoke.') ? src : '(unnamed)';
}
