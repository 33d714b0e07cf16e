import { z } from 'zod';
import type { Receipt } from '../adapters/adapter.js';
import type { Journal } from '../journal/journal.js';

/** The highest count of each device among the messages that were there before a test. */
export type Before = Map<string, number>;

const topic = 'there before';
/** So many devices fit into a record. */
const devicesPerNote = 300;

const data = z.object({
  devices: z.array(z.tuple([z.string().max(64), z.number().int().nonnegative()])),
  /** It is the last of these notes. */
  last: z.boolean(),
});

/**
 * Records in the journal of a test what is in its group now, so that whatever comes later can be told from it after any
 * number of restarts; resolves when that is safe. Once more it does nothing.
 */
export async function noteBefore(journal: Journal, events: AsyncIterable<Receipt>): Promise<void> {
  await journal.flushed();
  if ((await notesIn(journal)).some(({ last }) => last)) return;
  const before: Before = new Map();
  for await (const { device, counter } of events) {
    before.set(device, Math.max(counter, before.get(device) ?? 0));
  }
  const devices = [...before];
  for (let at = 0; at === 0 || at < devices.length; at += devicesPerNote) {
    const next = at + devicesPerNote;
    const part = { devices: devices.slice(at, next), last: next >= devices.length };
    await journal.tell({ k: 'note', topic, data: part });
  }
  await journal.flushed();
}

/** What `noteBefore` recorded. */
export async function beforeIn(journal: Journal): Promise<Before> {
  const before: Before = new Map();
  for (const { devices } of await notesIn(journal)) {
    for (const [device, counter] of devices) {
      before.set(device, Math.max(counter, before.get(device) ?? 0));
    }
  }
  return before;
}

/** Whether a message was there before: devices count what they write, and their messages come in that order. */
export function isBefore(before: Before, { device, counter }: Receipt): boolean {
  return counter <= (before.get(device) ?? -1);
}

async function notesIn(journal: Journal): Promise<z.infer<typeof data>[]> {
  const notes: z.infer<typeof data>[] = [];
  for await (const record of journal.records()) {
    if (record.k === 'note' && record.topic === topic) notes.push(data.parse(record.data));
  }
  return notes;
}
