import { Counter, Gauge, type Registry } from 'prom-client';

/** What one connection to the bus counts. */
export interface BusMetrics {
  connected(yes: boolean): void;
  /** A message that was not passed on, and why. */
  dropped(reason: 'schema' | 'disconnected' | 'too-large' | 'refused' | 'reply'): void;
  handlerFailed(): void;
}

const droppedName = 'postern_bus_messages_dropped_total';
const failedName = 'postern_bus_handler_errors_total';
const connectedName = 'postern_bus_connected';
const reconnectsName = 'postern_bus_reconnects_total';

/** Counts into `registry`, which several connections may share (told apart by `bus`); without one, counts nothing. */
export function createBusMetrics(registry: Registry | undefined, bus: string): BusMetrics {
  if (registry === undefined) return { connected: () => {}, dropped: () => {}, handlerFailed: () => {} };
  const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> => {
    const present = registry.getSingleMetric(name);
    if (present instanceof Counter) return present;
    return new Counter({ name, help, labelNames, registers: [registry] });
  };
  const present = registry.getSingleMetric(connectedName);
  const gauge =
    present instanceof Gauge
      ? present
      : new Gauge({
          name: connectedName,
          help: '1 while connected to the bus, else 0',
          labelNames: ['bus'],
          registers: [registry],
        });
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
    dropped: (reason) => dropped.inc({ bus, reason }),
    handlerFailed: () => failed.inc({ bus }),
  };
}
