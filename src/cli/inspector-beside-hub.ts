import type { Bus } from '../bus/bus.js';
import type { NodeProcesses, RunningHub } from '../hub/hub.js';
import { type RunningInspector, startInspector } from '../inspector/inspector.js';
import type { Logger } from '../log.js';

/** Nothing is known of processes until the hub is ready, and nobody can look before. */
const noneKnown: NodeProcesses = { lives: () => true, onChange: () => () => {} };

/** Starts an inspector in the process of a hub. */
export function inspectorBesideHub(options: {
  bus: Bus;
  /** The hub in front; it is started after the inspector, whose services it answers for. */
  hub: () => Pick<RunningHub, 'ready' | 'operators'>;
  log: Logger;
}): RunningInspector {
  const { bus, hub, log } = options;
  let processes = noneKnown;
  // The hub is started in this same turn, behind us.
  queueMicrotask(() => {
    hub().ready.then(
      (ready) => {
        processes = ready.processes;
      },
      () => {}, // whoever has started it hears why
    );
  });
  return startInspector({
    bus,
    processes: () => processes,
    operators: {
      node: (...asked) => hub().operators.node(...asked),
      told: (operated) => hub().operators.told(operated),
    },
    log,
  });
}
