import {
  EventType,
  GroupDeviceChainKeyAdded,
  GroupMemberDeviceAdded,
  GroupMetadata,
} from '../../gen/weshnet/protocol/v1/types.js';
import type { GroupKeys } from './group-keys.js';
import { derive } from './keys.js';
import { seal, unseal } from './sealing.js';

/** Something that happened to the group, as one of its entries tells. */
export type GroupEvent =
  | { readonly type: 'introduced'; readonly event: GroupMemberDeviceAdded }
  | { readonly type: 'chain key'; readonly event: GroupDeviceChainKeyAdded };

/** Reads and writes the bodies of metadata entries: those who know the group's secret can. */
export class MetadataBodies {
  readonly #key: Buffer;

  constructor(keys: GroupKeys, secret: Buffer) {
    this.#key = derive(secret, 'metadata', keys.publicKey);
  }

  /** Body of an entry of `device`. */
  close(eventType: GroupMetadata['eventType'], payload: Buffer, device: Uint8Array): Buffer {
    const metadata = GroupMetadata.fromPartial({ eventType, payload });
    return seal(this.#key, GroupMetadata.encode(metadata).finish(), device);
  }

  /** Undefined where it was not written with the group's secret. */
  open(body: Uint8Array, device: Uint8Array): GroupMetadata | undefined {
    const plain = unseal(this.#key, body, device);
    return plain === undefined ? undefined : decoded(() => GroupMetadata.decode(plain));
  }
}

/** What a metadata entry tells; undefined for what is not known here. */
export function eventIn({ eventType, payload }: GroupMetadata): GroupEvent | undefined {
  if (eventType === EventType.EventTypeGroupMemberDeviceAdded) {
    const event = decoded(() => GroupMemberDeviceAdded.decode(payload));
    return event && { type: 'introduced', event };
  }
  if (eventType === EventType.EventTypeGroupDeviceChainKeyAdded) {
    const event = decoded(() => GroupDeviceChainKeyAdded.decode(payload));
    return event && { type: 'chain key', event };
  }
  return undefined;
}

/** Undefined for bytes that are no such message. */
export function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
