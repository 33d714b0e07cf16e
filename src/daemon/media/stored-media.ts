import { AppMessage, type Media } from '../../gen/berty/messenger/v1/messenger.js';
import { decoded } from '../group/metadata.js';

/** A file with what is said about it. */
export interface MediaFile {
  readonly info: Media;
  readonly content: Buffer;
}

/**
 * A message as the log holds it, and as clients may see it: the files that go with it are within it, so that they are on
 * disk, sealed, and at every member exactly when the message is; clients see only what is said about them.
 */
export function withoutContent(payload: Buffer): {
  readonly shown: Buffer;
  readonly cids: readonly string[];
} {
  const message = decoded(() => AppMessage.decode(payload));
  if (message === undefined || message.medias.length === 0) return { shown: payload, cids: [] };
  const medias = message.medias.map((media) => ({ ...media, content: Buffer.alloc(0) }));
  const shown = Buffer.from(AppMessage.encode({ ...message, medias }).finish());
  return { shown, cids: medias.map(({ cid }) => cid) };
}

/** The file of this CID that a message of the log brings; undefined: it brings none. */
export function fileIn(payload: Uint8Array, cid: string): MediaFile | undefined {
  const media = decoded(() => AppMessage.decode(payload))?.medias.find((each) => each.cid === cid);
  if (media === undefined) return undefined;
  return { info: { ...media, content: Buffer.alloc(0) }, content: media.content };
}
