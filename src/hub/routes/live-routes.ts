import type { Logger } from '../../log.js';
import { Router } from '../door/routes.js';
import { checkTable, type Surroundings } from './check.js';
import { type OwnPort, ownPorts } from './own-ports.js';
import type { Route } from './row.js';
import { RowKeeper } from './services.js';
import { RouteTable } from './table.js';

/** When the rows in effect were read, and from where. */
export interface Loaded {
  /** Unix time in milliseconds. */
  readonly atMs: number;
  /** A file, an option; '' where it is not known. */
  readonly from: string;
}

/** What the table is checked against, and where it comes from. */
export interface RoutesOptions {
  readonly routes: readonly Route[];
  readonly routesFrom: string;
  readonly domain: string | undefined;
  readonly listen: readonly string[];
  readonly metricsListen: string;
  /** URLs of the NATS servers. */
  readonly nats: readonly string[];
}

/** The route table in effect, and how it is changed while the hub runs. */
export class LiveRoutes {
  readonly router: Router;
  readonly #keeper: RowKeeper;
  readonly #domain: string | undefined;
  readonly #log: Logger;
  #surroundings: Surroundings;
  #loaded: Loaded;

  private constructor(options: RoutesOptions, log: Logger) {
    this.#keeper = new RowKeeper(log);
    this.#domain = options.domain;
    this.#log = log;
    this.#surroundings = { listeners: options.listen, own: ownPortsOf(options) };
    this.#loaded = { atMs: Date.now(), from: options.routesFrom };
    this.router = new Router(new RouteTable([], options.domain));
  }

  /** Reads a table. Throws `PosternError` `ROUTE_INVALID` (exit status 2) that names the row and the reason. */
  static async load(options: RoutesOptions, log: Logger): Promise<LiveRoutes> {
    const live = new LiveRoutes(options, log);
    await live.#use(options.routes, options.routesFrom);
    return live;
  }

  get loaded(): Loaded {
    return this.#loaded;
  }

  /** Checks the rows again, now that free ports were taken. Throws like `load`. */
  bound(listen: readonly string[], metrics: string | undefined): void {
    const { listeners, own } = this.#surroundings;
    const found = ownPorts({ listen, metrics: metrics ?? '', nats: [] });
    this.#surroundings = { listeners, own: [...own, ...found] };
    checkTable(this.router.table, this.#surroundings);
  }

  /**
   * Puts another table into effect as a whole. Calls that are open go on. Throws like `load`; the old table stays in
   * effect then.
   * @param also done once the table is known to be good, before it is in effect; what it throws keeps the old table.
   */
  async reload(routes: readonly Route[], from: string, also: () => Promise<void>): Promise<void> {
    await this.#use(routes, from, also);
    this.#log.info({ rows: routes.length, from }, 'the routes were read anew');
  }

  stop(): void {
    this.#keeper.stop();
  }

  async #use(routes: readonly Route[], from: string, also?: () => Promise<void>): Promise<void> {
    const prepared = await this.#keeper.prepare(routes);
    const table = new RouteTable(prepared.rows, this.#domain);
    checkTable(table, this.#surroundings);
    await also?.();
    prepared.commit();
    this.router.use(table);
    this.#loaded = { atMs: Date.now(), from };
  }
}

function ownPortsOf({ listen, metricsListen, nats }: RoutesOptions): OwnPort[] {
  return ownPorts({ listen, metrics: metricsListen, nats });
}
