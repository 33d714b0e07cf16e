import { createHash } from 'node:crypto';
import type { AnyStateMachine } from 'xstate';
import { definitionOf, type MachineDefinition } from '../../machines/definition.js';

const known = new WeakMap<MachineDefinition, string>();

/** The hash of a machine's definition. */
export function definitionHash(machine: AnyStateMachine): string {
  const definition = definitionOf(machine);
  const present = known.get(definition);
  if (present !== undefined) return present;
  const hash = hashOf(definition);
  known.set(definition, hash);
  return hash;
}

/** What tells definitions apart: SHA-256 of all that one says, as JSON with sorted keys, the first 16 hexadecimal digits. */
export function hashOf(definition: MachineDefinition): string {
  const json = JSON.stringify(definition, (_, value: unknown) => sorted(value));
  return createHash('sha256').update(json).digest('hex').slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
