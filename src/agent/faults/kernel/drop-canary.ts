import type { FaultDirection } from '../../../fault-kinds.js';
import type { Canary } from '../injection.js';
import { droppedOf } from './cut-table.js';
import { listTable } from './nft.js';

/**
 * Counts the packets that a table of ours has dropped, those of the daemon among them: what others dial cannot be looked at
 * by dialling them. 0 where there is no such table, and perhaps of a fault of what only comes `in`, which the other end may
 * keep back, as a partition in one direction is at both its ends.
 */
export function dropCanary(nft: string, table: string, direction: FaultDirection): Canary {
  return {
    path: 'affected',
    name: 'packets that were dropped',
    expects: direction === 'in' ? { sees: 'growth', zero: 'nothing' } : { sees: 'growth' },
    async look() {
      const beganMs = performance.now();
      const dropped = await listTable(nft, table).then(droppedOf, () => 0);
      return { through: true, ms: performance.now() - beganMs, found: String(dropped) };
    },
  };
}
