import { mermaid } from '../../../machines/chart.js';
import type { DefinedState } from '../../../machines/definition.js';
import { deadline, unary } from '../../client/call-failed.js';
import { prettyJson } from '../../client/codecs/json.js';
import { hubServices } from '../../client/hub-services.js';
import { PosternError } from '../../errors.js';
import type { GetActorResponse, StateNode } from '../../gen/postern/v1/inspector.js';
import type { Invocation } from '../invocation.js';
import { withHub } from '../with-hub.js';
import { findActor, type Wanted } from './wanted-actors.js';

/** Prints the statechart that an actor runs by: as mermaid, or all that is known of it as JSON. */
export function printDefinition(invocation: Invocation, wanted: Wanted): Promise<number> {
  return withHub(invocation, async (connection) => {
    if (wanted.kind === 'all') {
      throw new PosternError('USAGE', 'whose definition? Name an actor, such as node/attic', { exitCode: 2 });
    }
    const named = wanted.kind === 'node' ? { machine: 'node', id: wanted.node } : wanted;
    const { machine, id } = await findActor(connection, named);
    const { definition } = await unary<GetActorResponse>((done) =>
      hubServices(connection).inspector.getActor(
        { machine, id, transitions: 1 },
        connection.metadata(),
        deadline(),
        done,
      ),
    );
    if (definition?.root === undefined) {
      throw new PosternError('DEFINITION_UNKNOWN', `nobody can say any more what ${machine}/${id} runs by`);
    }
    const { root, edges } = definition;
    const text =
      invocation.options.text('output') === 'text'
        ? `${mermaid({ machine, root: stateOf(root), edges })}\n`
        : prettyJson(JSON.parse(JSON.stringify(definition)));
    invocation.streams.stdout.write(text);
    return 0;
  });
}

function stateOf(state: StateNode): DefinedState {
  const types = ['atomic', 'compound', 'parallel', 'final', 'history'] as const;
  const type = types.find((one) => one === state.type) ?? 'atomic';
  return { ...state, type, states: state.states.map(stateOf) };
}
