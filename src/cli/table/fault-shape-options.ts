import { faultDirections, faultScopes, faultWays } from '../../fault-kinds.js';
import type { OptionSpec } from '../command-spec.js';

/** How a fault acts, of the command that arms one. */
export const shapeOptions: readonly OptionSpec[] = [
  {
    name: 'scope',
    kind: 'choice',
    choices: faultScopes,
    summary:
      "on what: the daemon or its ways to other nodes; the agent's way to the hub; both, and all else of that machine (default: the first that the kind has)",
  },
  {
    name: 'direction',
    kind: 'choice',
    choices: faultDirections,
    summary: 'only what comes in, or only what goes out (default: both)',
  },
  {
    name: 'from',
    kind: 'text',
    value: 'NODE[=IP,…],…',
    summary: 'only what goes to and comes from these nodes; without IP they are asked where they are found',
  },
  {
    name: 'portion',
    kind: 'text',
    value: 'PERCENT',
    // As scenarios call it; the variable of that name is a flag of agents.
    aliases: ['share'],
    summary: 'of packets: loss, duplicate, reorder',
  },
  { name: 'delay', kind: 'duration', summary: 'how much later all comes: delay; reorder' },
  { name: 'jitter', kind: 'duration', summary: 'the delay differs by up to so much, both ways' },
  { name: 'rate', kind: 'text', value: 'SIZE', summary: 'bytes that pass in a second, such as 100KB' },
  {
    name: 'clock',
    kind: 'text',
    value: 'OFFSET',
    summary: "how far ahead the daemon's clock is, such as +2h, or behind, --clock=-30m",
  },
  {
    name: 'interface',
    kind: 'text',
    value: 'NAME',
    summary:
      'the one that goes down, or whose packets are disturbed (default: the one that leads to the hub)',
  },
  {
    name: 'way',
    kind: 'choice',
    choices: faultWays,
    summary: 'only by the kernel, or only without it (default: any, whatever can)',
  },
  { name: 'seed', kind: 'text', value: 'TEXT', summary: 'what its own chance is drawn from' },
];
