import { z } from 'zod';
import type { DefinedState, MachineDefinition } from '../../../machines/definition.js';
import { hashOf } from '../../actors/definition-hash.js';

/** A definition has at most so many states and edges, and states within states at most so deep. */
const most = { states: 512, edges: 2_048, deep: 16 };
const longestJson = 512 * 1024;

const name = z.string().max(512);
const names = z.array(name).max(64);

const state: z.ZodType<DefinedState> = z.lazy(() =>
  z.strictObject({
    path: name,
    type: z.enum(['atomic', 'compound', 'parallel', 'final', 'history']),
    description: z.string().max(2_048),
    initial: name,
    states: z.array(state).max(128),
    entry: names,
    exit: names,
    invokes: names,
    tags: names,
  }),
);

const edge = z.strictObject({
  id: name,
  source: name,
  targets: names,
  event: name,
  guard: name,
  delay: name,
  actions: names,
  description: z.string().max(2_048),
  operation: z
    .strictObject({ title: name, effect: z.string().max(2_048), grave: z.boolean().optional() })
    .optional()
    .transform((mark) => (mark === undefined ? undefined : { ...mark, grave: mark.grave === true })),
});

const definition = z.strictObject({
  machine: name,
  root: state,
  edges: z.array(edge).max(most.edges),
});

/** A definition as another process told it; undefined: it is none, is too large, or has another hash. */
export function readDefinition(json: string, hash: string): MachineDefinition | undefined {
  if (json.length > longestJson || depthOf(json) > 4 * most.deep) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  const read = definition.safeParse(value);
  if (!read.success || countStates(read.data.root) > most.states) return undefined;
  return hashOf(read.data) === hash ? read.data : undefined;
}

/** How deep brackets lie within each other, those in texts too. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of json) {
    if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  return deepest;
}

function countStates({ states }: DefinedState): number {
  return states.reduce((sum, one) => sum + countStates(one), 1);
}
