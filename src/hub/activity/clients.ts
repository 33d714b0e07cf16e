import type { Client, HubServer } from '../../gen/internal/hub.js';
import type { Logger } from '../../log.js';
import { goDuration } from '../ago.js';
import type { Caller } from '../caller-metadata.js';
import { covers } from '../covered.js';
import type { Nodes } from '../nodes.js';
import { unary } from '../own-calls.js';

/** `internal.Hub.ListClients`: every instance of the nodes that the caller may see. */
export function listClients(
  nodes: Pick<Nodes, 'all' | 'view'>,
  log: Logger,
  now: () => number = Date.now,
): HubServer['listClients'] {
  return unary('call', log, (_request, caller) => {
    const clients = clientsOf(nodes, caller, now());
    return { count: clients.length, clients };
  });
}

function clientsOf(nodes: Pick<Nodes, 'all' | 'view'>, caller: Caller, nowMs: number): Client[] {
  const clients: Client[] = [];
  for (const view of nodes.all()) {
    if (!covers(caller, view.name, nodes)) continue;
    for (const there of view.instances.values()) {
      const standing = view.standing(there);
      if (standing === undefined) continue;
      const { id, sinceMs, transport } = there.entry;
      const connectionTime = new Date(sinceMs).toISOString();
      const uptime = goDuration(Math.max(0, nowMs - sinceMs));
      clients.push({ name: view.name, connectionTime, uptime, instance: id, transport, standing });
    }
  }
  return clients.sort((a, b) => order(a.name, b.name) || order(a.connectionTime, b.connectionTime));
}

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
