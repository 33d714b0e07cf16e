import { definitionOf } from '../../machines/definition.js';
import { machines } from '../../machines/index.js';
import { definitionHash } from '../actors/definition-hash.js';
import type { Bus, Stop } from '../bus/bus.js';
import { subjects } from '../bus/subjects.js';

/** Tells hubs of another release what the machines of this agent run by. */
export function answerDescriptions(bus: Bus, { node, key }: { node: string; key: string }): Stop {
  return bus.subscribe(subjects.describe, { node }, ({ body: { order, machine, hash } }) => {
    const found = Object.entries(machines).find(([name]) => name === machine)?.[1].machine;
    if (found === undefined || definitionHash(found) !== hash || !bus.connected) return;
    bus.publish(
      subjects.described,
      { node, key },
      { order, definition: JSON.stringify(definitionOf(found)) },
    );
  });
}
