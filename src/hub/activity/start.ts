import type { Bus } from '../../bus/bus.js';
import type { Logger } from '../../log.js';
import type { Operated } from '../../operating.js';
import type { CallWatch } from '../call-stats.js';
import type { Undo } from '../undo.js';
import { AbsentHubs } from './absent-hubs.js';
import { OperationsTold } from './operations-told.js';
import { Outbox } from './outbox.js';
import { Reporter } from './reporter.js';
import type { Attendance } from './roll.js';

/** What is not stored when the hub has ended so long ago is given up, in milliseconds. */
const drainMs = 3_000;

/** Telling what happens at a hub. */
export interface Activity {
  /** Tells of calls. */
  readonly calls: CallWatch;
  /** Tells of instances that come and go. */
  readonly attendance: Attendance;
  /** Tells what operators do. */
  readonly operated: (operated: Operated) => void;
  /**
   * The hub has joined the others: tells of those that end without a word.
   * @param predecessor the hub before on the same data directory, where it has not ended well.
   */
  joined(lives: (hub: string) => boolean, predecessor: string | undefined): void;
  /** Tells the rest; true when all of it is stored. */
  finish(): Promise<boolean>;
}

/** Begins to tell. `undo` learns how to stop. */
export function startActivity(
  { bus, hub, log }: { bus: Bus; hub: string; log: Logger },
  undo: Undo,
): Activity {
  const outbox = new Outbox({ bus, hub, log });
  undo.add(() => outbox.stop());
  const reporter = new Reporter(outbox);
  undo.add(() => reporter.finish());
  const operations = new OperationsTold(outbox);
  undo.add(() => operations.finish());
  const tell =
    (kind: 'registered' | 'unregistered') =>
    (node: string, instance: string, transport: string): void =>
      outbox.pushOnce(kind, node, { at: Date.now(), instance, transport }, `${kind}.${node}.${instance}`);
  return {
    calls: reporter,
    operated: (operated) => operations.operated(operated),
    attendance: { registered: tell('registered'), unregistered: tell('unregistered') },
    joined: (lives, predecessor) => {
      const absent = new AbsentHubs({ bus, outbox, lives, log });
      undo.add(() => absent.stop());
      if (predecessor !== undefined) absent.predecessor(predecessor);
    },
    finish: async () => {
      reporter.finish();
      operations.finish();
      await outbox.drain(drainMs);
      return outbox.held === 0;
    },
  };
}
