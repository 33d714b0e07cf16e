import type { GroupRef, Member } from '../adapter.js';
import type { Channel } from './channel.js';
import { deviceNews } from './device-news.js';

/**
 * Whether the daemon of `reader` knows this many other devices in a group, or more, and has been given the keys to what all
 * of them write. Throws as adapters do.
 */
export async function isAcquainted(
  channel: Channel,
  path: string,
  asked: { readonly group: GroupRef; readonly reader: Member; readonly others: number },
  signal: AbortSignal,
): Promise<boolean> {
  const { group, reader, others } = asked;
  const known = new Set<string>();
  const readable = new Set<string>();
  for await (const { device, readableBy } of deviceNews(channel, path, { group, untilNow: true }, signal)) {
    if (readableBy === undefined) known.add(device);
    else if (readableBy === reader.member) readable.add(device);
  }
  known.delete(reader.device);
  return known.size >= others && [...known].every((device) => readable.has(device));
}
