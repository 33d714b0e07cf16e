import { longestActor, longestNote } from '../../bus/activity-message.js';
import { nodeName } from '../../bus/messages.js';
import type { Operated } from '../../operating.js';
import type { Channel, Outbox } from './outbox.js';
import { Refusals } from './refusals.js';
import { shownCaller, shownText } from './shown-text.js';

/** How often refusals are summed up, in milliseconds. */
const sweepEveryMs = 1_000;
/** An event's type is told up to this many characters. */
const longestEvent = 128;
/** gRPC status. */
const permissionDenied = 7;

/** Tells what operators do: each thing at once; of what they may not do the first, and how often it was tried each second. */
export class OperationsTold {
  readonly #outbox: Pick<Outbox, 'push'>;
  readonly #refusals: Refusals;
  readonly #timer: NodeJS.Timeout;

  constructor(outbox: Pick<Outbox, 'push'>) {
    this.#outbox = outbox;
    this.#refusals = new Refusals(({ node, path }, event) => outbox.push(channel(node, path), event));
    this.#timer = setInterval(() => this.#refusals.sweep(Date.now()), sweepEveryMs).unref();
  }

  operated({ caller, node, method, actor, event, reason, code, outcome }: Operated): void {
    const at = Date.now();
    const about = {
      actor: shownText(actor, longestActor),
      operation: shownText(event, longestEvent),
      outcome: shownText(outcome, longestNote),
      ...(reason === '' ? {} : { note: shownText(reason, longestNote) }),
    };
    if (code === permissionDenied) {
      this.#refusals.refused({ node, path: method, caller, code, reason: 'PERMISSION_DENIED', about }, at);
      return;
    }
    const named = nodeName.safeParse(node).success ? node : '';
    this.#outbox.push(channel(named, method), { at, caller: shownCaller(caller), code, ...about });
  }

  /** Says what it has not said yet. */
  finish(): void {
    clearInterval(this.#timer);
    this.#refusals.flush(Date.now());
  }
}

function channel(node: string, method: string): Channel {
  return { kind: 'operated', node, method, pending: [] };
}
