import { errorText } from '../../../errors.js';
import type { FarEnd, Gate } from '../../../wire/gate.js';
import type { Canary } from '../injection.js';
import { tcpSight } from './tcp-canary.js';

/** A canary that goes the way of the agent's own connections to its hub: through the gate, and over the network behind. */
export function gateCanary(path: Canary['path'], gate: Gate, end: FarEnd): Canary {
  return {
    path,
    name: `hub ${end.address.includes(':') ? `[${end.address}]` : end.address}:${end.port}`,
    async look(signal) {
      try {
        gate.check();
      } catch (thrown) {
        return { through: false, ms: 0, found: errorText(thrown) };
      }
      return tcpSight(end, signal, { opened: (socket) => void gate.enter(socket) });
    },
  };
}

/** Most ends of connections to the hub that are looked at: of its front door and its bus. */
const mostEnds = 3;

/** One for each place to which the agent is connected now; none where it is not. */
export function hubCanaries(path: Canary['path'], gate: Gate): Canary[] {
  const ends = new Map(gate.farEnds.map((end) => [`${end.address} ${end.port}`, end]));
  return [...ends.values()].slice(0, mostEnds).map((end) => gateCanary(path, gate, end));
}
