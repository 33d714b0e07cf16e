import type { Bus, BusStatus, Stop } from '../bus/bus.js';
import type { Notice } from '../bus/messages.js';
import { subjects } from '../bus/subjects.js';

/** What is heard on the present connection. Nothing of an earlier one is. */
export interface BusListener {
  disconnected(reason: string): void;
  reconnected(): void;
  closed(reason: string): void;
  /** A hub tells some instance of the node what has become of it. */
  noticed(notice: Notice): void;
  /** There is a new connection: more may be heard on it. */
  connected(bus: Bus): Stop;
}

/** Holds the one connection to the bus that an agent uses now, and what listens on it. */
export class BusSlot {
  readonly #node: string;
  readonly #listener: BusListener;
  #bus: Bus | undefined;
  #stops: Stop[] = [];

  constructor(node: string, listener: BusListener) {
    this.#node = node;
    this.#listener = listener;
  }

  get bus(): Bus | undefined {
    return this.#bus;
  }

  /** Uses `bus` from now on, and closes the one before. */
  put(bus: Bus): void {
    this.take()?.close().catch(ignore);
    this.#bus = bus;
    this.#stops = [
      bus.onStatus((status) => this.#became(status)),
      this.#listener.connected(bus),
      bus.subscribe(subjects.notice, { node: this.#node }, ({ body }) => this.#listener.noticed(body)),
    ];
  }

  /** Gives the connection away; nothing of it is heard any more. */
  take(): Bus | undefined {
    const bus = this.#bus;
    this.#bus = undefined;
    for (const stop of this.#stops.splice(0)) stop();
    return bus;
  }

  #became(status: BusStatus): void {
    if (status.type === 'disconnected') this.#listener.disconnected(status.reason);
    else if (status.type === 'reconnected') this.#listener.reconnected();
    else {
      this.take();
      this.#listener.closed(status.reason);
    }
  }
}

/** A connection that is closed anyway may fail at it. */
function ignore(): void {}
