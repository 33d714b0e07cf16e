/** A part of a call's time, and where it lies in the whole: from 0 to 1. */
export interface WayPart {
  readonly name: string;
  readonly hint: string;
  readonly ms: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Where the time of a call went, as far as that is known. Agent and hub have clocks of their own: how the time outside of the
 * agent is divided between the way there and the way back nobody knows, so it is drawn half before and half behind.
 */
export function wayOf(totalMs: number, agentMs?: number, serverMs?: number): WayPart[] {
  const whole = Math.max(totalMs, 0.001);
  const parts: WayPart[] = [
    { name: 'in all', hint: 'from its arrival at the hub to its end there', ms: totalMs, from: 0, to: 1 },
  ];
  if (agentMs === undefined) return parts;
  const agent = Math.min(agentMs, whole);
  const begin = (whole - agent) / 2;
  parts.push({
    name: 'hub and bus',
    hint: 'both ways together, hub and bus and what waits in them; drawn as two halves',
    ms: Math.max(0, totalMs - agent),
    from: 0,
    to: 1,
  });
  parts.push({
    name: 'agent',
    hint: 'from the arrival of the call at the agent to its end there, with the server',
    ms: agent,
    from: begin / whole,
    to: (begin + agent) / whole,
  });
  if (serverMs === undefined) return parts;
  const server = Math.min(serverMs, agent);
  parts.push({
    name: 'server',
    hint: 'from the request at the server to the first of its response',
    ms: server,
    from: begin / whole,
    to: (begin + server) / whole,
  });
  return parts;
}
