import type { Bus } from '../../bus/bus.js';
import type { Logger } from '../../log.js';
import type { Tracing } from '../../tracing/tracing.js';
import type { FailedAttempts } from '../attempts.js';
import type { HubConfig } from '../config.js';
import type { Enrolment } from '../enrol.js';
import type { Fleet } from '../fleet.js';
import type { NodeRegistry } from '../registry.js';
import type { UpgradeTaker } from '../upgrades.js';
import { TunnelAdmission } from './admission.js';
import { TunnelDoor } from './door.js';
import { Tunnels } from './tunnels.js';

/** The hub's side of all tunnels. */
export interface OpenTunnels {
  /** Takes requests for tunnels. */
  readonly upgrade: UpgradeTaker;
  /** Round trip to the node of an instance in milliseconds; undefined where there is no such tunnel here. */
  roundTripMs(instance: string): number | undefined;
  drain(graceMs: number): Promise<void>;
  stop(): void;
}

/** Lets nodes open tunnels; undefined where the hub was given no connection to serve them on. */
export function openTunnels(
  config: HubConfig,
  deps: { readonly tunnelBus?: Bus; readonly log: Logger; readonly tracing?: Tracing | undefined },
  hub: {
    fleet: Fleet;
    enrolment: Enrolment;
    registry: NodeRegistry;
    attempts: FailedAttempts;
    notReady: () => string | undefined;
    hub: string;
  },
): OpenTunnels | undefined {
  const { tunnelBus, log } = deps;
  if (tunnelBus === undefined) return undefined;
  const tunnels = new Tunnels({
    bus: tunnelBus,
    reception: hub.fleet.reception,
    hub: hub.hub,
    connectTimeoutMs: config.tunnelConnectSeconds * 1000,
    pingEveryMs: config.tunnelPingSeconds * 1000,
    tracing: deps.tracing,
    log,
  });
  tunnels.start();
  const { enrolment, registry, attempts, notReady } = hub;
  const admission = new TunnelAdmission({ enrolment, registry, legacy: config.legacyTunnels, log });
  const door = new TunnelDoor({ admission, tunnels, attempts, notReady, log });
  return {
    upgrade: (request, socket, head, from) => door.upgrade(request, socket, head, from),
    roundTripMs: (instance) => tunnels.roundTripMs(instance),
    drain: (graceMs) => tunnels.drain(graceMs),
    stop: () => tunnels.stop(),
  };
}
