import { setMaxListeners } from 'node:events';
import type { Bus } from '../bus/bus.js';
import { InspectorService } from '../gen/postern/v1/inspector.js';
import type { Logger } from '../log.js';
import type { HubOperators } from '../operating.js';
import type { OwnService, Role } from '../own-service.js';
import type { OwnSocket } from '../own-socket.js';
import { watchCallsMethod } from './calls/watch-calls.js';
import { AskNodes } from './definitions/ask-nodes.js';
import { Definitions } from './definitions/definitions.js';
import { Directory, type NodeProcesses } from './directory/directory.js';
import { Layouts } from './layout/layouts.js';
import { operateMethod } from './operate/operate.js';
import { Orders } from './operate/orders.js';
import { lookMethods } from './service.js';
import { statelyEndpoint } from './stately/endpoint.js';
import { Tickets } from './stately/tickets.js';

const allRoles: readonly Role[] = ['call', 'join', 'operate', 'trace', 'admin'];

/** What an inspector is given by whoever starts it. */
export interface InspectorDeps {
  /** Connected as `hub`; closed by whoever started the inspector, after it has stopped. */
  readonly bus: Bus;
  /** What the hub knows of the processes behind nodes. Asked when somebody looks. */
  readonly processes: () => NodeProcesses;
  /** What the hub does for operators. */
  readonly operators: HubOperators;
  readonly log: Logger;
}

/** An inspector that was started. */
export interface RunningInspector {
  /** What the hub is to answer for. */
  readonly services: readonly OwnService[];
  /** WebSockets of the hub's front door. */
  readonly sockets: readonly OwnSocket[];
  /** All actors as they are now. */
  readonly directory: Directory;
  /** Ends all watches. */
  stop(): void;
}

/** Starts an inspector. It does nothing until somebody asks. */
export function startInspector(deps: InspectorDeps): RunningInspector {
  const { bus, processes, operators, log } = deps;
  const life = new AbortController();
  setMaxListeners(0, life.signal); // one for each who watches
  const directory = new Directory({ bus, processes, log });
  const layouts = new Layouts(log);
  const nodes = new AskNodes(bus);
  const definitions = new Definitions({ ask: (...asked) => nodes.ask(...asked), layouts });
  const orders = new Orders(bus);
  const lookout = { directory, bus, definitions };
  const tickets = new Tickets();
  const look = lookMethods(lookout, tickets, life.signal, log);
  return {
    services: [
      {
        name: 'postern.v1.Inspector',
        definition: InspectorService,
        implementation: {
          ...look,
          ...watchCallsMethod(bus, life.signal),
          operate: operateMethod({ directory, definitions, orders, hub: operators, log }),
        },
        // who may not operate is told so by the method, which tells the activity of it
        access: { roles: (method) => (method === 'Operate' ? allRoles : ['trace', 'operate']) },
      },
    ],
    sockets: [statelyEndpoint(lookout, tickets, life.signal, log)],
    directory,
    stop() {
      life.abort();
      directory.stop();
      orders.stop();
      nodes.stop();
      layouts.stop();
    },
  };
}
