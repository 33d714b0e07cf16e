import type { AnyStateMachine, AnyStateNode } from 'xstate';

/**
 * How a state is to be looked at: all is `good`, somebody should look (`warn`), something is wrong (`bad`). A state
 * without one says nothing. Of several, the worst counts. `away`: what the machine stands for does not answer, and may do so again.
 */
export type StateTag = 'good' | 'warn' | 'bad' | 'away';

/** The tags of a state, as `stateName` names it, and of those around it; none for a state that the machine does not have. */
export function tagsOf(machine: AnyStateMachine, state: string): string[] {
  const found = new Set<string>(machine.root.tags);
  for (const path of state.split('+')) {
    let node: AnyStateNode | undefined = machine.root;
    for (const key of path.split('.')) {
      node = node?.states[key];
      for (const tag of node?.tags ?? []) found.add(tag);
    }
  }
  return [...found];
}
