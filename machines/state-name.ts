import type { StateValue } from 'xstate';

/** The state that a machine is in, as people read it: `online`, `connected.serving`. */
export function stateName(snapshot: { readonly value: StateValue }): string {
  return nameOf(snapshot.value);
}

function nameOf(value: StateValue): string {
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([parent, child]) => (child === undefined ? parent : `${parent}.${nameOf(child)}`))
    .join('+');
}
