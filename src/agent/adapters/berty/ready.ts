import { PosternError } from '../../../errors.js';
import type { GroupRef, Member } from '../adapter.js';
import type { Channel } from './channel.js';
import { deviceNews } from './device-news.js';

/** Who shall be able to read whom. */
export interface ReadyPair {
  readonly group: GroupRef;
  readonly writer: Member;
  readonly reader: Member;
}

/**
 * Resolves when the daemon of `reader` knows the device of `writer` and has been given the key to what it writes. Before
 * that, messages come and cannot be opened. Rejects as adapters do, `DAEMON_REFUSED` when the daemon ends the list.
 */
export async function awaitReady(
  channel: Channel,
  path: string,
  { group, writer, reader }: ReadyPair,
  signal: AbortSignal,
): Promise<void> {
  if (writer.device === reader.device) return;
  let present = false;
  let readable = false;
  for await (const { device, readableBy } of deviceNews(channel, path, { group, untilNow: false }, signal)) {
    if (device !== writer.device) continue;
    if (readableBy === undefined) present = true;
    else readable ||= readableBy === reader.member;
    if (present && readable) return;
  }
  throw new PosternError('DAEMON_REFUSED', `the daemon at ${channel.address} ended a list of metadata`);
}
