import type { Bus } from '../bus/bus.js';
import type { Logger } from '../log.js';
import type { OwnService } from '../own-service.js';
import type { Answerer } from './asking/answer.js';
import type { AccountsConfig } from './config.js';
import type { Translate } from './face/face-method.js';

/** What one of the account services is started with. */
export interface PartContext {
  readonly config: AccountsConfig;
  /** Connected as `accounts`. */
  readonly bus: Bus;
  /** Answers requests of faces, in whatever process they are. */
  readonly answer: Answerer;
  /** Makes the methods of its face. */
  readonly translate: Translate;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
}

/** One of the account services, started: it answers, and has a face. */
export interface AccountPart {
  /** What its gRPC listener serves. */
  readonly services: readonly OwnService[];
  stop(): Promise<void>;
}
