import { status } from '@grpc/grpc-js';
import { PosternError } from '../../../errors.js';
import {
  Media,
  MediaPrepare_Reply,
  MediaPrepare_Request,
  MediaRetrieve_Reply,
  MediaRetrieve_Request,
} from '../../../gen/berty/messenger/v1/messenger.js';
import { joinAborts } from '../../../joined-abort.js';
import type { Image } from '../adapter.js';
import { type Channel, isServiceError } from './channel.js';
import { messengerService } from './dialect.js';

/** A file goes to the daemon in pieces of so many bytes. */
const blockBytes = 64 * 1024;
/** The largest file that is taken from a daemon, in bytes. */
const mostFileBytes = 8 * 1024 * 1024;
/** A daemon may take so long to give a file that it has told of, milliseconds: it may have to get it first. */
const givenWithinMs = 10_000;

/** Whether the daemon knows files: asked for none, it says so, or that it does not know the method. */
export async function knowsMedia(channel: Channel, signal: AbortSignal): Promise<boolean> {
  try {
    await retrieveMedia(channel, '', signal);
    return true;
  } catch (thrown) {
    if (!isServiceError(thrown)) return true;
    if (thrown.code === status.CANCELLED || thrown.code === status.UNAVAILABLE) throw thrown;
    return thrown.code !== status.UNIMPLEMENTED;
  }
}

/** Gives the daemon a file; resolves to the CID that a message names it by. Rejects with grpc-js's error. */
export async function prepareMedia(channel: Channel, image: Image, signal: AbortSignal): Promise<string> {
  const info = Media.fromPartial({ mimeType: 'image/png', filename: image.name, displayName: image.name });
  const { cid } = await channel.upload(
    `/${messengerService}/MediaPrepare`,
    { type: MediaPrepare_Request, requests: piecesOf(info, image.bytes) },
    MediaPrepare_Reply,
    signal,
  );
  return cid;
}

/** A file that came with a message. Rejects with grpc-js's error, and when it is too large or does not come in time. */
export async function retrieveMedia(channel: Channel, cid: string, signal: AbortSignal): Promise<Buffer> {
  const limited = joinAborts([signal], givenWithinMs);
  const stream = channel.stream(
    `/${messengerService}/MediaRetrieve`,
    { type: MediaRetrieve_Request, request: { cid } },
    MediaRetrieve_Reply,
  );
  const cancel = (): void => stream.cancel();
  limited.signal.addEventListener('abort', cancel, { once: true });
  if (limited.signal.aborted) cancel();
  const blocks: Buffer[] = [];
  let size = 0;
  try {
    for await (const { block } of stream) {
      size += block.length;
      if (size > mostFileBytes) {
        throw new PosternError('DAEMON_REFUSED', `a file has more than ${mostFileBytes} bytes`);
      }
      blocks.push(block);
    }
    return Buffer.concat(blocks);
  } finally {
    limited.signal.removeEventListener('abort', cancel);
    limited.release();
    cancel();
  }
}

function* piecesOf(info: Media, bytes: Uint8Array): Generator<MediaPrepare_Request> {
  yield MediaPrepare_Request.fromPartial({ info });
  for (let at = 0; at < bytes.length; at += blockBytes) {
    yield { block: Buffer.from(bytes.subarray(at, at + blockBytes)), info: undefined, uri: '' };
  }
}
