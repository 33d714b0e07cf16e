import type { Router } from '../../../src/hub/door/routes.js';
import { LiveRoutes } from '../../../src/hub/routes/live-routes.js';
import { type Route, routeRows } from '../../../src/hub/routes/row.js';
import { testLog } from '../../support/nats.js';

/** A row as it is configured. */
export type RowInput = Partial<Route>;

/** What a table is checked against, where the test says. */
export interface RouterPlace {
  readonly domain?: string;
  readonly listen?: readonly string[];
  readonly metricsListen?: string;
  readonly nats?: readonly string[];
}

/** The routes of a hub that was told these rows. */
export async function liveRoutes(rows: readonly RowInput[], place: RouterPlace = {}): Promise<LiveRoutes> {
  return LiveRoutes.load(
    {
      routes: routeRows.parse(rows),
      routesFrom: 'the test',
      domain: place.domain,
      listen: place.listen ?? ['127.0.0.1:8080'],
      metricsListen: place.metricsListen ?? '',
      nats: place.nats ?? [],
    },
    testLog,
  );
}

/** The router alone. */
export async function routerOf(rows: readonly RowInput[], place: RouterPlace = {}): Promise<Router> {
  return (await liveRoutes(rows, place)).router;
}
