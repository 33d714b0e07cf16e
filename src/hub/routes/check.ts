import { PosternError } from '../../errors.js';
import { type OwnPort, ownPortAt, ownPortText } from './own-ports.js';
import { listenerFits, type RouteTable, type Row } from './table.js';

/** What rows are checked against. */
export interface Surroundings {
  /** The addresses to listen at, as they are configured. */
  readonly listeners: readonly string[];
  readonly own: readonly OwnPort[];
}

/**
 * Checks a table as a whole. Throws `PosternError` `ROUTE_INVALID` (exit status 2) that names the first row that is
 * wrong, and says why.
 */
export function checkTable(table: RouteTable, { listeners, own }: Surroundings): void {
  const [clash] = table.clashes;
  if (clash !== undefined) {
    throw wrong(nameAt(table.rows, clash.index), `it has the same conditions as route ${clash.with}`);
  }
  const names = new Set<string>();
  for (const { name, route, service } of table.rows) {
    if (route.name !== undefined && names.has(name)) throw wrong(name, 'another route has this name already');
    names.add(name);
    const { listener } = route;
    if (listener !== undefined && !listeners.some((one) => listenerFits(listener, one))) {
      throw wrong(name, `there is no listener ${listener}: there is ${listeners.join(', ')}`);
    }
    if (service === undefined || route.ownPort === true) continue;
    const port = ownPortAt(service.address, own);
    if (port !== undefined) {
      throw wrong(name, `${service.url} is ${ownPortText(port)}; say ownPort: true if that is meant`);
    }
  }
}

function nameAt(rows: readonly Row[], index: number): string {
  return rows.find((row) => row.index === index)?.name ?? '';
}

function wrong(row: string, why: string): PosternError {
  return new PosternError('ROUTE_INVALID', `route ${row}: ${why}`, { exitCode: 2 });
}
