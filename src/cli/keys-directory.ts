import { join } from 'node:path';

/** Where a data directory keeps the keys of the bus. Apart from what starts a hub, which most who look for keys do without. */
export function keysIn(data: string): string {
  return join(data, 'keys');
}
