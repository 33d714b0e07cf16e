import type { ActorClock } from '../../actors/clock.js';
import type { Transition } from '../../bus/messages.js';
import type { Logger } from '../../log.js';
import type { JournalFiles } from './files.js';
import type { JournalLimits } from './writer.js';

/** Sizes of a journal where nothing else is said. */
export const defaultLimits: JournalLimits = {
  segmentBytes: 1 << 20,
  journalBytes: 256 << 20,
  queueBytes: 1 << 20,
};

/** What a journal needs of its agent. */
export interface JournalOptions {
  /** Of this journal alone; made by `create`. */
  readonly directory: string;
  /** Of Postern, for the record of a restart. */
  readonly version: string;
  readonly limits?: Partial<JournalLimits>;
  readonly files?: JournalFiles;
  /** Id of this run of the agent: with the node's name it tells which link and which daemon a test is told of. */
  readonly boot?: string;
  /** Takes each transition of the test's machine. */
  readonly publish?: (transition: Transition) => void;
  readonly clock?: ActorClock;
  /** Unix milliseconds; default: the system's. */
  readonly now?: () => number;
  readonly log: Logger;
}
