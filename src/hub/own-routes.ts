import { PosternError } from '../errors.js';
import type { RouteRow, RoutesServiceServer, TestRouteResponse } from '../gen/postern/v1/routes.js';
import type { Logger } from '../log.js';
import { formatAddress } from '../wire/address.js';
import type { Nodes } from './nodes.js';
import { unary } from './own-calls.js';
import type { LiveRoutes } from './routes/live-routes.js';
import { probeAll, type Reach } from './routes/probe.js';
import type { Row } from './routes/table.js';

/** `postern.v1.RoutesService`: shows the route table in effect. */
export function routesService(
  live: LiveRoutes,
  nodes: Pick<Nodes, 'view'>,
  /** The addresses to listen at, as they are configured. */
  listeners: readonly string[],
  log: Logger,
): RoutesServiceServer {
  return {
    listRoutes: unary('operate', log, async () => {
      const rows = live.router.table.inOrder;
      const reached = await probeAll(rows.flatMap(({ service }) => service?.address ?? []));
      const { atMs, from } = live.loaded;
      return {
        rows: rows.map((row) => shown(row, stateOf(row, nodes, reached))),
        loadedAtMs: atMs,
        loadedFrom: from,
      };
    }),
    testRoute: unary('operate', log, (request): TestRouteResponse => {
      const { host, path, http } = request;
      const listener = request.listener === '' ? (listeners[0] ?? '') : request.listener;
      if (!listeners.includes(listener)) {
        const message = `listener: there is no ${listener.slice(0, 128)}: there is ${listeners.join(', ')}`;
        throw new PosternError('INVALID_ARGUMENT', message);
      }
      // As the bytes of a header would be, one character for each.
      const authority = Buffer.from(host, 'utf8').toString('latin1');
      const decided = http
        ? live.router.routeHttp({ listener, host: authority, path })
        : live.router.route({ listener, authority, path, metadata: [] });
      const row = decided.row === undefined ? undefined : shown(decided.row, 'unknown');
      switch (decided.kind) {
        case 'node':
          return { kind: 'node', row, to: decided.node, path };
        case 'service':
          return { kind: 'service', row, to: decided.service.url, path: decided.path };
        case 'hub':
          return { kind: 'hub', row, to: '', path };
        default:
          return {
            kind: decided.kind,
            row,
            to: 'why' in decided ? decided.why : decided.refusal.message,
            path,
          };
      }
    }),
  };
}

function stateOf(
  { route, service }: Row,
  nodes: Pick<Nodes, 'view'>,
  reached: ReadonlyMap<string, Reach>,
): string {
  if (service !== undefined) return reached.get(formatAddress(service.address)) ?? 'unknown';
  const view = nodes.view(route.node ?? '');
  if (view === undefined) return 'unknown';
  return view.ready.length > 0 ? 'up' : 'down';
}

function shown({ index, name, route, calls }: Row, state: string): RouteRow {
  return {
    number: index + 1,
    name,
    listener: route.listener ?? '',
    host: route.host ?? '',
    pathPrefix: route.pathPrefix ?? '',
    to: route.to ?? `node:${route.node ?? ''}`,
    access: route.access ?? 'token',
    state,
    open: calls.open,
    total: calls.total,
  };
}
