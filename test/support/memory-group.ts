import { randomBytes } from 'node:crypto';
import { Counts } from '../../src/daemon/counts.js';
import { defaultGroupLimits, type GroupLimits } from '../../src/daemon/group/admission.js';
import type { GroupKeys } from '../../src/daemon/group/group-keys.js';
import { LiveGroup } from '../../src/daemon/group/live-group.js';
import type { EntryStore } from '../../src/daemon/log/entry-log.js';
import type { Place } from '../../src/daemon/log/record.js';

/** Keeps entries in memory, and stores them in the order and as late as a disk does. */
export class MemoryStore implements EntryStore {
  readonly entries: Buffer[] = [];
  bytes = 0;
  #last: Promise<void> = Promise.resolve();

  append(entry: Uint8Array, stored: (place: Place) => void): Promise<void> {
    this.bytes += entry.length;
    this.#last = this.#last.then(() => {
      this.entries.push(Buffer.from(entry));
      stored({ offset: this.entries.length - 1, length: entry.length });
    });
    return this.#last;
  }

  read({ offset }: Place): Promise<Buffer> {
    const entry = this.entries[offset];
    return entry === undefined ? Promise.reject(new Error('no such entry')) : Promise.resolve(entry);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A group with its log in memory. */
export interface MemoryGroup {
  readonly group: LiveGroup;
  readonly store: MemoryStore;
  readonly counts: Counts;
}

/** Takes part in a group with a device of its own. */
export async function memoryGroup(keys: GroupKeys, limits: Partial<GroupLimits> = {}): Promise<MemoryGroup> {
  const store = new MemoryStore();
  const counts = new Counts();
  const seeds = { account: randomBytes(32), device: randomBytes(32) };
  const group = await LiveGroup.open({
    keys,
    seeds,
    counts,
    limits: { ...defaultGroupLimits, ...limits },
    now: () => 0,
    openStore: () => Promise.resolve(store),
  });
  return { group, store, counts };
}
