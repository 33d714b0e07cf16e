import {
  EventType,
  GroupDeviceChainKeyAdded,
  GroupMemberDeviceAdded,
  GroupMetadataEvent,
  GroupMetadataList_Request,
} from '../../../gen/weshnet/protocol/v1/types.js';
import type { GroupRef } from '../adapter.js';
import { type Channel, daemonError } from './channel.js';

/** What a group's metadata tells of a device. */
export interface DeviceNews {
  /** Its key, base64 for URLs. */
  readonly device: string;
  /** The member that was given the key to what it writes, base64 for URLs; undefined: the device is there. */
  readonly readableBy: string | undefined;
}

/**
 * What is told of the devices of a group, from the beginning; with `untilNow` it ends with what is there, else it goes on.
 * Throws as adapters do.
 */
export async function* deviceNews(
  channel: Channel,
  path: string,
  { group, untilNow }: { readonly group: GroupRef; readonly untilNow: boolean },
  signal: AbortSignal,
): AsyncGenerator<DeviceNews> {
  const nothing = Buffer.alloc(0);
  const range = { sinceId: nothing, sinceNow: false, untilId: nothing, untilNow, reverseOrder: false };
  const request = { groupPk: Buffer.from(group.id, 'base64url'), ...range };
  const stream = channel.stream(path, { type: GroupMetadataList_Request, request }, GroupMetadataEvent);
  const cancel = (): void => stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    for await (const { metadata, event } of stream) {
      if (metadata?.eventType === EventType.EventTypeGroupMemberDeviceAdded) {
        const { devicePk } = GroupMemberDeviceAdded.decode(event);
        yield { device: devicePk.toString('base64url'), readableBy: undefined };
      } else if (metadata?.eventType === EventType.EventTypeGroupDeviceChainKeyAdded) {
        const { devicePk, destMemberPk } = GroupDeviceChainKeyAdded.decode(event);
        yield { device: devicePk.toString('base64url'), readableBy: destMemberPk.toString('base64url') };
      }
    }
  } catch (thrown) {
    throw daemonError(thrown, channel.address, 'ended a list of metadata');
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}
