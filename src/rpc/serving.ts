import type { Logger } from '../log.js';
import type { CallTarget } from './call.js';
import { Exchange } from './exchange.js';
import type { CallBus, ExchangePort, PeerAddress } from './exchange-port.js';
import { type ExchangeStats, noStats } from './exchange-state.js';

/** The exchange of an instance under its present id, on its present connection to the bus. */
interface Joined {
  readonly exchange: Exchange;
  readonly instance: string;
  bus: CallBus;
  port: ExchangePort;
  heard: Promise<void>;
  leave: () => void;
  /** A hub gives calls to this instance. */
  readonly given: Promise<void>;
}

/** A hub that does not say that it gives calls is taken to do so after this time, milliseconds. */
const givenAfterMs = 5_000;

/**
 * Hears calls for one instance of a node on the bus and gives them to its server. The exchange lives as long as the
 * instance id: through partitions and new connections; a new id means a new exchange, and the calls of the old one end.
 */
export class Serving {
  readonly #node: string;
  readonly #target: CallTarget;
  readonly #heard: () => void;
  readonly #log: Logger;
  #joined: Joined | undefined;

  /** `heard` is told of each ping of a hub. */
  constructor(options: { node: string; target: CallTarget; heard: () => void; log: Logger }) {
    this.#node = options.node;
    this.#target = options.target;
    this.#heard = options.heard;
    this.#log = options.log;
  }

  /** Serves as `instance` on `bus`; does nothing where it does so already. */
  join(bus: CallBus, instance: string): void {
    const joined = this.#joined;
    if (joined?.instance !== instance) {
      this.leave();
      this.#joined = this.#begin(bus, instance);
    } else if (joined.bus !== bus) {
      joined.leave();
      Object.assign(joined, { bus, ...this.#listen(bus, instance, () => joined.exchange) });
      joined.exchange.resync();
    }
  }

  /** Resolves when calls to this instance reach it: it is subscribed, and a hub has said that it gives them. */
  async reachable(): Promise<void> {
    await Promise.all([this.#joined?.heard, this.#joined?.given]);
  }

  /** The bus was lost: open calls wait for its return. */
  disconnected(): void {
    this.#joined?.exchange.disconnected();
  }

  /** The bus is back: open calls find out what was lost. */
  reconnected(): void {
    this.#joined?.exchange.resync();
  }

  /** What the exchange of calls with the bus has counted under the present instance id; zeros before the first. */
  traffic(): ExchangeStats {
    return this.#joined?.exchange.stats() ?? noStats();
  }

  /** Takes no new calls; resolves when none is open, at the latest after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    await this.#joined?.exchange.drain(graceMs);
  }

  /** Ends all calls and hears no more. */
  leave(): void {
    const joined = this.#joined;
    this.#joined = undefined;
    joined?.exchange.close();
    joined?.leave();
  }

  #begin(bus: CallBus, instance: string): Joined {
    const log = this.#log.child({ instance });
    const exchange = new Exchange({
      self: { name: this.#node, instance },
      port: () => joined.port,
      log,
    });
    const given = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, givenAfterMs);
      timer.unref();
      exchange.onPing = (from, toUs) => {
        if (from.name !== 'hub') return;
        this.#heard();
        if (!toUs) return;
        clearTimeout(timer);
        resolve();
      };
    });
    exchange.serve(this.#target);
    const joined: Joined = { exchange, instance, bus, given, ...this.#listen(bus, instance, () => exchange) };
    return joined;
  }

  #listen(
    bus: CallBus,
    instance: string,
    exchange: () => Exchange,
  ): Pick<Joined, 'port' | 'heard' | 'leave'> {
    const { port, heard, stop } = bus.joinCalls(
      { name: this.#node, instance },
      {
        receive: (from: PeerAddress, message: Uint8Array) => exchange().receive(from, message),
        noResponders: (to: PeerAddress, ticket: number) => exchange().noResponders(to, ticket),
      },
    );
    return { port, heard, leave: stop };
  }
}
