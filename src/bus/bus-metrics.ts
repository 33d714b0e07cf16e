import { Counter, Gauge, type Registry } from 'prom-client';

/** What one connection to the bus counts. */
export interface BusMetrics {
  connected(yes: boolean): void;
  /** A subscription began (1) or ended (-1). */
  subscribed(change: 1 | -1): void;
  /** A message that was not passed on, and why. */
  dropped(reason: 'schema' | 'disconnected' | 'too-large' | 'refused' | 'reply'): void;
  handlerFailed(): void;
}

const droppedName = 'postern_bus_messages_dropped_total';
const failedName = 'postern_bus_handler_errors_total';
const connectedName = 'postern_bus_connected';
const subscriptionsName = 'postern_bus_subscriptions';
const reconnectsName = 'postern_bus_reconnects_total';

/** Counts into `registry`, which several connections may share (told apart by `bus`); without one, counts nothing. */
export function createBusMetrics(registry: Registry | undefined, bus: string): BusMetrics {
  if (registry === undefined)
    return { connected: () => {}, subscribed: () => {}, dropped: () => {}, handlerFailed: () => {} };
  const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> => {
    const present = registry.getSingleMetric(name);
    if (present instanceof Counter) return present;
    return new Counter({ name, help, labelNames, registers: [registry] });
  };
  const level = (name: string, help: string): Gauge<'bus'> => {
    const present = registry.getSingleMetric(name);
    if (present instanceof Gauge) return present;
    return new Gauge({ name, help, labelNames: ['bus'], registers: [registry] });
  };
  const gauge = level(connectedName, '1 while connected to the bus, else 0');
  const subscriptions = level(subscriptionsName, 'What is listened to on the bus now');
  const dropped = counter(droppedName, 'Messages of the bus that were dropped, by reason', ['bus', 'reason']);
  const failed = counter(failedName, 'Messages of the bus whose handler failed', ['bus']);
  const reconnects = counter(reconnectsName, 'Times that the bus was reached again after a loss', ['bus']);
  let before: boolean | undefined;
  return {
    connected(yes) {
      if (yes && before === false) reconnects.inc({ bus });
      before = yes;
      gauge.set({ bus }, yes ? 1 : 0);
    },
    subscribed: (change) => subscriptions.inc({ bus }, change),
    dropped: (reason) => dropped.inc({ bus, reason }),
    handlerFailed: () => failed.inc({ bus }),
  };
}
