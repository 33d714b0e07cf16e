import type { DefinedEdge, DefinedState, MachineDefinition } from './definition.js';

/**
 * The state diagram of a machine in mermaid, without the fence around it: one line per pair of states, with what leads
 * from one to the other; what follows from facts and not from an event stands in brackets.
 */
export function mermaid({ root, edges }: MachineDefinition): string {
  const lines = ['stateDiagram-v2'];
  draw(root, edges, '  ', lines);
  return lines.join('\n');
}

function draw(state: DefinedState, edges: readonly DefinedEdge[], indent: string, lines: string[]): void {
  if (state.initial !== '') lines.push(`${indent}[*] --> ${nameOf(state.initial)}`);
  for (const child of state.states) {
    if (child.states.length > 0) {
      lines.push(`${indent}state ${nameOf(child.path)} {`);
      draw(child, edges, `${indent}  `, lines);
      lines.push(`${indent}}`);
    }
    const own = edges.filter(({ source }) => source === child.path);
    for (const [target, causes] of arrows(own)) {
      lines.push(`${indent}${nameOf(child.path)} --> ${nameOf(target)}: ${[...causes].join(', ')}`);
    }
    if (child.type === 'final') lines.push(`${indent}${nameOf(child.path)} --> [*]`);
  }
}

/** By target, what leads there. */
function arrows(edges: readonly DefinedEdge[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { targets, event, guard } of edges) {
    for (const target of targets) {
      const causes = found.get(target) ?? new Set();
      found.set(target, causes.add(event === '' ? `[${guard}]` : event));
    }
  }
  return found;
}

/** Mermaid takes no dots in names. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
