import type { AnyStateMachine, EventFromLogic, InputFrom, SnapshotFrom } from 'xstate';
import { definitionOf } from '../../machines/definition.js';
import { operationsOf } from '../../machines/operations.js';
import { definitionHash } from '../../src/actors/definition-hash.js';
import { startActor } from '../../src/actors/host.js';
import type { Transition as Told } from '../../src/bus/messages.js';
import { Actor, type Definition, Transition } from '../../src/gen/postern/v1/inspector.js';
import { toDefinition } from '../../src/inspector/definitions/to-proto.js';
import { Layouts } from '../../src/inspector/layout/layouts.js';
import { createLogger } from '../../src/log.js';

/** A machine that a test has made up, as an actor of the real host. */
export interface MadeActor<M extends AnyStateMachine> {
  send(event: EventFromLogic<M>, by?: string): void;
  /** As the inspector tells it. */
  now(): Actor;
  stop(): void;
}

const log = createLogger('silent');

/** Runs a machine, and tells each of its transitions as the inspector does. */
export function startMadeActor<M extends AnyStateMachine>(
  machine: M,
  id: string,
  input: InputFrom<M>,
  context: (snapshot: SnapshotFrom<M>) => Record<string, unknown>,
  tell: (transition: Transition) => void,
): MadeActor<M> {
  let last: Transition | undefined;
  const actor = startActor({
    machine,
    machineName: machine.id,
    id,
    input,
    context,
    publish: (told) => {
      last = transitionOf(told);
      tell(last);
    },
    log,
  });
  return {
    send: (event, by) => actor.send(event, by),
    now: () => {
      const { from: _, to, atMs, event: _event, edges: _edges, ...rest } = last ?? Transition.create();
      const operations = operationsOf(definitionOf(machine), to).map(({ event }) => event);
      return Actor.fromPartial({ ...rest, state: to, sinceMs: atMs, operations });
    },
    stop: () => actor.stop(),
  };
}

/** The definition of a machine with its drawing, as the inspector tells it. */
export async function madeDefinition(machine: AnyStateMachine): Promise<Definition> {
  const layouts = new Layouts(log);
  try {
    const [definition, hash] = [definitionOf(machine), definitionHash(machine)];
    return toDefinition(definition, hash, await layouts.of(hash, definition));
  } finally {
    layouts.stop();
  }
}

function transitionOf(told: Told): Transition {
  const { machine, id, sequence, atMs, event, from, to, bornMs = 0, edges = [] } = told;
  const { detail, by = '', definition = '', ignored = {} } = told;
  return {
    ...{ machine, id, bornMs, sequence, atMs, event, from, to, edges, by, definition, ignored, node: '' },
    detailJson: detail === undefined ? '' : JSON.stringify(detail),
    contextJson: JSON.stringify(told.context),
  };
}
