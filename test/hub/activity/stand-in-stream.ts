import { type ActivityMessage, activity } from '../../../src/bus/activity-message.js';
import type { Bus, BusStatus } from '../../../src/bus/bus.js';
import { PosternError } from '../../../src/errors.js';

/** What a stream does with one message: `lost answer` stores it and says that it did not. */
export type Answer = 'store' | 'lost answer' | 'refuse' | 'refuse for good';

/** The part of the bus that an outbox uses, failing as it is told; keeps one message for each id. */
export class StandInStream {
  connected = true;
  readonly stored = new Map<string, ActivityMessage>();
  readonly #answers: Answer[];
  readonly #listeners = new Set<(status: BusStatus) => void>();
  most = 0;
  #open = 0;

  /** `answers` are given in turn; then everything is stored. */
  constructor(answers: readonly Answer[] = []) {
    this.#answers = [...answers];
  }

  readonly append: Bus['append'] = async (_declaration, _params, body, id) => {
    this.most = Math.max(this.most, ++this.#open);
    await new Promise((resolve) => setImmediate(resolve));
    this.#open--;
    const answer = this.connected ? (this.#answers.shift() ?? 'store') : 'refuse';
    if (answer === 'refuse for good') throw new PosternError('BODY_TOO_LARGE', 'it is too large');
    // as it would be read
    if (answer !== 'refuse' && !this.stored.has(id))
      this.stored.set(id, activity.parse(JSON.parse(JSON.stringify(body))));
    if (answer !== 'store') throw new PosternError('STORE_UNAVAILABLE', 'no answer');
  };

  readonly onStatus = (listener: (status: BusStatus) => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  reconnect(): void {
    this.connected = true;
    for (const listener of this.#listeners) listener({ type: 'reconnected' });
  }

  /** All events that are stored, of all messages. */
  events(kind: ActivityMessage['kind'] = 'proxied'): ActivityMessage['events'] {
    return [...this.stored.values()].filter((each) => each.kind === kind).flatMap(({ events }) => events);
  }
}
