import { Counter, Gauge, type Registry } from 'prom-client';

/** What the actors of one kind of machine have done in this process. */
interface MachineCounts {
  running: number;
  /** By the state that was reached. */
  readonly reached: Map<string, number>;
  ignored: number;
}

/** By machine, for the whole process: actors come and go, and what they did stays counted. */
const counts = new Map<string, MachineCounts>();

/** What the actors of a machine count into. */
export function countsOf(machine: string): MachineCounts {
  let found = counts.get(machine);
  if (found === undefined) {
    found = { running: 0, reached: new Map(), ignored: 0 };
    counts.set(machine, found);
  }
  return found;
}

/** A transition has led to this state. Few are told apart: as many as the machine has. */
export function countReached(of: MachineCounts, state: string): void {
  of.reached.set(state, (of.reached.get(state) ?? 0) + 1);
}

/** Registers what the actors of this process have done, to be read at each scrape. */
export function registerActorMetrics(registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'postern_actors',
    help: 'Actors that run in this process, by machine.',
    labelNames: ['machine'],
    registers,
    collect() {
      this.reset();
      for (const [machine, { running }] of counts) this.set({ machine }, running);
    },
  });
  new Counter({
    name: 'postern_transitions_total',
    help: 'Times that an actor of this process came to another state, by machine and by that state.',
    labelNames: ['machine', 'to'],
    registers,
    collect() {
      this.reset();
      for (const [machine, { reached }] of counts) {
        for (const [to, count] of reached) this.inc({ machine, to }, count);
      }
    },
  });
  new Counter({
    name: 'postern_ignored_events_total',
    help: 'Events that the state of an actor did not take, by machine.',
    labelNames: ['machine'],
    registers,
    collect() {
      this.reset();
      for (const [machine, { ignored }] of counts) this.inc({ machine }, ignored);
    },
  });
}
