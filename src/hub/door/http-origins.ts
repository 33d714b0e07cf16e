import type { Logger } from '../../log.js';
import { HttpOrigin } from '../../wire/http-proxy.js';
import type { LocalService } from '../routes/service.js';

/** The way to each local service that speaks HTTP. */
export class HttpOrigins {
  readonly #log: Logger;
  readonly #origins = new Map<LocalService, HttpOrigin>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The way to this service, made when it is first asked for. */
  of(service: LocalService): HttpOrigin {
    const known = this.#origins.get(service);
    if (known !== undefined) return known;
    this.#forgetUnused();
    const { name, address, tls, authority, timeoutMs } = service;
    const origin = new HttpOrigin({
      name,
      address,
      tls,
      // Behind TLS there may be many hosts at one address, that know each other by their own names alone.
      ...(tls === undefined ? {} : { host: authority }),
      timeouts: timeoutMs === undefined ? {} : { headMs: timeoutMs, wholeMs: timeoutMs },
      log: this.#log,
    });
    this.#origins.set(service, origin);
    return origin;
  }

  /** Ends all requests and connections at once. */
  close(): void {
    for (const origin of this.#origins.values()) origin.close();
    this.#origins.clear();
  }

  /** Rows come and go; one that is asked for again costs a new connection. */
  #forgetUnused(): void {
    for (const [service, origin] of this.#origins) {
      if (origin.inFlight > 0) continue;
      origin.close();
      this.#origins.delete(service);
    }
  }
}
