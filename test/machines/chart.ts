import type { AnyStateMachine } from 'xstate';
import { eventName } from '../../src/actors/event-name.js';

/**
 * The state diagram of a machine in mermaid, without the fence around it: one line per pair of states, with what leads
 * from one to the other; what follows from facts and not from an event stands in brackets.
 */
export function mermaid(machine: AnyStateMachine): string {
  const lines = ['stateDiagram-v2'];
  draw(machine.root, '  ', lines);
  return lines.join('\n');
}

type StateNode = AnyStateMachine['root'];

function draw(node: StateNode, indent: string, lines: string[]): void {
  const initial = node.initial?.target[0];
  if (initial !== undefined) lines.push(`${indent}[*] --> ${nameOf(initial)}`);
  for (const child of Object.values(node.states)) {
    if (Object.keys(child.states).length > 0) {
      lines.push(`${indent}state ${nameOf(child)} {`);
      draw(child, `${indent}  `, lines);
      lines.push(`${indent}}`);
    }
    for (const [target, causes] of edges(child)) {
      lines.push(`${indent}${nameOf(child)} --> ${target}: ${[...causes].join(', ')}`);
    }
    if (child.type === 'final') lines.push(`${indent}${nameOf(child)} --> [*]`);
  }
}

function edges(node: StateNode): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const add = (target: StateNode | undefined, cause: string) => {
    if (target === undefined) return;
    const causes = found.get(nameOf(target)) ?? new Set();
    found.set(nameOf(target), causes.add(cause));
  };
  for (const [type, transitions] of node.transitions) {
    for (const { target } of transitions) add(target?.[0], eventName(type));
  }
  for (const { target, guard } of node.always ?? []) add(target?.[0], `[${String(guard)}]`);
  return found;
}

/** Mermaid takes no dots in names. */
function nameOf(node: StateNode): string {
  return node.key;
}
