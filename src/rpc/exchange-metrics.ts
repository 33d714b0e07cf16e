import { Counter, Gauge, type Registry } from 'prom-client';
import type { ExchangeStats } from './exchange-state.js';

/** What an exchange counts, by its own names. */
const counts = {
  frames: ['framesIn', 'framesOut', 'framesBad', 'framesUnknown', 'framesDropped'],
  messages: ['messagesIn', 'messagesOut', 'messagesBad'],
} as const;

/** What an exchange holds now, by its own names. */
const levels = {
  peers: ['postern_bus_peers', 'Processes with which calls are open, or were until lately.'],
  callsMade: ['postern_bus_calls_made', 'Calls over the bus that were made from here and are open.'],
  callsServed: ['postern_bus_calls_served', 'Calls over the bus that are served here and are open.'],
  deadlines: ['postern_bus_deadlines', 'Calls over the bus that are open and have a deadline.'],
  bytesBuffered: ['postern_bus_buffered_bytes', 'Bytes of calls that wait for credit, a target or the bus.'],
} as const;

/** Registers what the calls over the bus count and hold, to be read at each scrape. */
export function registerExchangeMetrics(registry: Registry, stats: () => ExchangeStats): void {
  const registers = [registry];
  for (const [unit, names] of Object.entries(counts)) {
    new Counter({
      name: `postern_bus_${unit}_total`,
      help: `${unit} of calls on the bus: in, out, and what did not fit, was not known or was dropped.`,
      labelNames: ['kind'],
      registers,
      collect() {
        this.reset();
        const now = stats();
        for (const name of names) this.inc({ kind: name.slice(unit.length).toLowerCase() }, now[name]);
      },
    });
  }
  const level = (key: keyof typeof levels): void => {
    const [name, help] = levels[key];
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(stats()[key]);
      },
    });
  };
  level('peers');
  level('callsMade');
  level('callsServed');
  level('deadlines');
  level('bytesBuffered');
}
