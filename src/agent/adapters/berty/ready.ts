import { PosternError } from '../../../errors.js';
import {
  EventType,
  GroupDeviceChainKeyAdded,
  GroupMemberDeviceAdded,
  GroupMetadataEvent,
  GroupMetadataList_Request,
} from '../../../gen/weshnet/protocol/v1/types.js';
import type { GroupRef, Member } from '../adapter.js';
import { type Channel, daemonError } from './channel.js';

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
  const nothing = Buffer.alloc(0);
  const range = { sinceId: nothing, sinceNow: false, untilId: nothing, untilNow: false, reverseOrder: false };
  const request = { groupPk: Buffer.from(group.id, 'base64url'), ...range };
  const stream = channel.stream(path, { type: GroupMetadataList_Request, request }, GroupMetadataEvent);
  const cancel = (): void => stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  let present = false;
  let readable = false;
  try {
    for await (const { metadata, event } of stream) {
      if (metadata?.eventType === EventType.EventTypeGroupMemberDeviceAdded) {
        const { devicePk } = GroupMemberDeviceAdded.decode(event);
        present ||= devicePk.toString('base64url') === writer.device;
      } else if (metadata?.eventType === EventType.EventTypeGroupDeviceChainKeyAdded) {
        const { devicePk, destMemberPk } = GroupDeviceChainKeyAdded.decode(event);
        readable ||=
          devicePk.toString('base64url') === writer.device &&
          destMemberPk.toString('base64url') === reader.member;
      }
      if (present && readable) return;
    }
  } catch (thrown) {
    throw daemonError(thrown, channel.address, 'ended a list of metadata');
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
  throw new PosternError('DAEMON_REFUSED', `the daemon at ${channel.address} ended a list of metadata`);
}
