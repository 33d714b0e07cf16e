import type { RevokedKeys } from '../bus/authority.js';
import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import type { NodeRegistry } from './registry.js';
import { revokedKeysOf } from './revoked.js';

/** Revocations that are older are not told to servers: no credentials of agents are made for longer, in milliseconds. */
const toldForMs = 30 * 86_400_000;
/** The wait after a failure: from, to, in milliseconds. */
const [firstWaitMs, lastWaitMs] = [1_000, 60_000];

/**
 * Sees to it that the NATS servers take no credentials of revoked keys: tells them the whole set when the hub starts,
 * when the set changes, and when the connection was lost, since a server that was started anew knows nothing of it.
 */
export class Revocations {
  readonly #registry: NodeRegistry;
  readonly #tell: (revoked: RevokedKeys) => Promise<string>;
  readonly #log: Logger;
  #told = 'nothing yet';
  #telling = false;
  #again = false;
  #waitMs = firstWaitMs;
  #timer: NodeJS.Timeout | undefined;
  #unhear: () => void = () => {};
  #stopped = false;

  constructor(options: {
    registry: NodeRegistry;
    /** Tells the servers; resolves to the name of one. */
    tell: (revoked: RevokedKeys) => Promise<string>;
    log: Logger;
  }) {
    this.#registry = options.registry;
    this.#tell = options.tell;
    this.#log = options.log;
  }

  start(): void {
    this.#unhear = this.#registry.onChange((_name, entry) => {
      if (entry?.revokedAtMs !== undefined || entry?.revokedKeys !== undefined) this.#run();
    });
    this.#run();
  }

  /** The servers may have forgotten everything. */
  reconnected(): void {
    this.#told = 'nothing yet';
    this.#run();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#unhear();
  }

  #run(): void {
    if (this.#stopped) return;
    if (this.#telling) {
      this.#again = true;
      return;
    }
    const revoked = revokedKeysOf(this.#registry.all(), Date.now() - toldForMs);
    const told = JSON.stringify([...revoked].sort(([a], [b]) => (a < b ? -1 : 1)));
    if (told === this.#told) return;
    clearTimeout(this.#timer);
    this.#telling = true;
    this.#again = false;
    this.#tell(revoked).then(
      (server) => {
        this.#told = told;
        this.#waitMs = firstWaitMs;
        this.#log.info({ server, keys: revoked.size }, 'the NATS server knows which keys are revoked');
        this.#ended();
      },
      (thrown: unknown) => {
        this.#log.warn(
          { keys: revoked.size, err: errorText(thrown) },
          'revoking a node cuts no link at the NATS server now: credentials that were handed out work there until they expire',
        );
        this.#timer = setTimeout(() => this.#run(), this.#waitMs).unref();
        this.#waitMs = Math.min(lastWaitMs, this.#waitMs * 2);
        this.#ended();
      },
    );
  }

  #ended(): void {
    this.#telling = false;
    if (this.#again) this.#run();
  }
}
