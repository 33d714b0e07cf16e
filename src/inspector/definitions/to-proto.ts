import type { DefinedState, MachineDefinition } from '../../../machines/definition.js';
import type { Definition, StateNode } from '../../gen/postern/v1/inspector.js';
import type { Drawing } from '../layout/drawing.js';

/** A definition as it is told, with where its parts are drawn; without a drawing only what it says. */
export function toDefinition(
  { machine, root, edges }: MachineDefinition,
  hash: string,
  drawing: Drawing | undefined,
): Definition {
  return {
    machine,
    hash,
    root: toState(root, drawing),
    edges: edges.map((edge) => {
      const drawn = drawing?.edges.get(edge.id);
      return {
        ...edge,
        targets: [...edge.targets],
        actions: [...edge.actions],
        operation:
          edge.operation === undefined
            ? undefined
            : { ...edge.operation, grave: edge.operation.grave === true },
        points: drawn === undefined ? [] : [...drawn.points],
        label: drawn?.label,
      };
    }),
  };
}

function toState(state: DefinedState, drawing: Drawing | undefined): StateNode {
  return {
    ...state,
    states: state.states.map((one) => toState(one, drawing)),
    entry: [...state.entry],
    exit: [...state.exit],
    invokes: [...state.invokes],
    tags: [...state.tags],
    box: drawing?.states.get(state.path),
  };
}
