import type { GroupMessageEvent, GroupMetadataEvent } from '../../gen/weshnet/protocol/v1/types.js';
import { cidOf } from '../group/cid.js';
import { type Entry, messageKind, metadataKind } from '../group/entry.js';
import type { LiveGroup } from '../group/live-group.js';
import type { StoredEntry } from '../group/log-index.js';
import type { MediaLibrary } from '../media/media-library.js';
import { withoutContent } from '../media/stored-media.js';

/** A stored entry as a message for clients; undefined where it is none that this device can read. */
export async function messageEvent(
  group: LiveGroup,
  stored: StoredEntry,
  media: MediaLibrary | undefined,
): Promise<GroupMessageEvent | undefined> {
  if (stored.kind !== messageKind || stored.messageKey === undefined) return undefined;
  const read = group.member?.readMessage(stored, await group.read(stored));
  if (read === undefined) return undefined;
  const { counter, payload, entry } = read;
  const { shown, cids } = withoutContent(payload);
  if (cids.length > 0) media?.told(cids, group, stored.hash);
  return {
    eventContext: contextOf(stored, entry),
    headers: {
      counter,
      devicePk: Buffer.from(entry.device),
      sig: Buffer.from(entry.signature),
      metadata: {},
    },
    message: shown,
  };
}

/** A stored entry as an event about the group; undefined where it is none that can be read. */
export async function metadataEvent(
  group: LiveGroup,
  stored: StoredEntry,
): Promise<GroupMetadataEvent | undefined> {
  if (stored.kind !== metadataKind) return undefined;
  const read = group.member?.readMetadata(await group.read(stored));
  if (read === undefined) return undefined;
  const { metadata, entry } = read;
  return {
    eventContext: contextOf(stored, entry),
    metadata: { ...metadata, sig: Buffer.from(entry.signature) },
    event: metadata.payload,
  };
}

function contextOf(stored: StoredEntry, entry: Entry): NonNullable<GroupMessageEvent['eventContext']> {
  return {
    id: cidOf(stored.hash),
    parentIds: entry.parents.map(cidOf),
    groupPk: Buffer.from(entry.group),
  };
}
