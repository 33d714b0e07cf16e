import type { Actor, Transition, WatchResponse } from '../../gen/postern/v1/inspector.js';

/** Version of @statelyai/inspect whose messages these are. */
const version = '0.7.2';

/** A message of Stately's inspection protocol: JSON, one message each. */
export type StatelyEvent = Record<string, unknown> & { readonly type: string };

/** What a watch tells, as Stately's tools take it. `definitionOf` gives the machine of an actor as its configuration. */
export function statelyEvents(
  { actors, transitions }: WatchResponse,
  definitionOf: (actor: Pick<Actor, 'machine' | 'definition'>) => unknown,
  known: Set<string>,
): StatelyEvent[] {
  const events = actors.map((actor) => actorEvent(actor, actor.state, definitionOf(actor), known));
  for (const transition of transitions) {
    const { machine, definition } = transition;
    // One that nobody has told of yet has just begun.
    if (!known.has(sessionOf(transition))) {
      const first = transition.from === '' ? transition.to : transition.from;
      events.push(actorEvent(transition, first, definitionOf({ machine, definition }), known));
    }
    events.push(...transitionEvents(transition));
  }
  return events;
}

function actorEvent(
  actor: Pick<Actor, 'machine' | 'id' | 'contextJson'> & { readonly gone?: boolean },
  state: string,
  definition: unknown,
  known: Set<string>,
): StatelyEvent {
  known.add(sessionOf(actor));
  return {
    type: '@xstate.actor',
    ...common(actor, Date.now()),
    name: sessionOf(actor),
    ...(definition === undefined ? {} : { definition: JSON.stringify(definition) }),
    snapshot: snapshotOf(state, actor.contextJson, actor.gone === true),
  };
}

function transitionEvents(transition: Transition): StatelyEvent[] {
  const { atMs, event: type, detailJson, from, to, contextJson, by } = transition;
  const event = { ...JSON.parse(detailJson || '{}'), type };
  const told = common(transition, atMs);
  return [
    { type: '@xstate.event', ...told, event, ...(by === '' ? {} : { sourceId: by }) },
    { type: '@xstate.snapshot', ...told, event, snapshot: snapshotOf(to || from, contextJson, to === '') },
  ];
}

function common(actor: Pick<Actor, 'machine' | 'id'>, atMs: number) {
  const sessionId = sessionOf(actor);
  return { _version: version, createdAt: String(atMs), id: sessionId, sessionId, rootId: sessionId };
}

function sessionOf({ machine, id }: Pick<Actor, 'machine' | 'id'>): string {
  return `${machine}/${id}`;
}

function snapshotOf(state: string, contextJson: string, ended: boolean) {
  return {
    status: ended ? 'done' : 'active',
    value: stateValue(state),
    context: JSON.parse(contextJson || '{}'),
  };
}

/** The value of a state as XState has it: `a.b` is `{a: 'b'}`, `a.b+a.c` lies side by side. */
export function stateValue(state: string): unknown {
  const groups = new Map<string, string[]>();
  for (const path of state.split('+')) {
    const dot = path.indexOf('.');
    const [first, rest] = dot === -1 ? [path, ''] : [path.slice(0, dot), path.slice(dot + 1)];
    groups.set(first, [...(groups.get(first) ?? []), ...(rest === '' ? [] : [rest])]);
  }
  const [only] = groups;
  if (groups.size === 1 && only !== undefined && only[1].length === 0) return only[0];
  return Object.fromEntries(
    [...groups].map(([key, inner]) => [key, inner.length === 0 ? {} : stateValue(inner.join('+'))]),
  );
}
