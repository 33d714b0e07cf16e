import { PosternError } from '../../errors.js';
import type { Media, MessengerServiceServer } from '../../gen/berty/messenger/v1/messenger.js';
import { mostMediaBytes } from '../media/media-library.js';
import type { Parts } from './parts.js';
import { argumentInvalid, type Calls } from './status.js';

/** A piece of a file that clients are given, in bytes, as Berty's daemon gives it. */
const blockBytes = 64 * 1024;
/** What is said about a file takes at most so many bytes in all. */
const mostInfoBytes = 4096;

/** The methods about files, as Berty's daemon up to v2.434.7 has them; later forms of it refuse them. */
export function mediaMethods(
  { media }: Parts,
  calls: Calls,
): Pick<MessengerServiceServer, 'mediaPrepare' | 'mediaRetrieve'> {
  const library = () => {
    if (media !== undefined) return media;
    throw new PosternError('UNSUPPORTED', 'this form of the daemon knows no files', {
      hint: 'start it with --dialect berty.protocol.v1',
    });
  };
  return {
    mediaPrepare: calls.receiving(async (requests) => {
      const into = library();
      let info: Media | undefined;
      const blocks: Buffer[] = [];
      let size = 0;
      for await (const request of requests) {
        if (info === undefined) info = checkedInfo(request);
        else {
          size += request.block.length;
          if (size > mostMediaBytes) {
            throw new PosternError('MESSAGE_TOO_LARGE', `a file has at most ${mostMediaBytes} bytes`);
          }
          blocks.push(request.block);
        }
      }
      if (info === undefined) throw argumentInvalid('info is missing');
      return { cid: into.prepare(info, Buffer.concat(blocks)) };
    }),
    mediaRetrieve: calls.streaming(async ({ cid }, out) => {
      const { info, content } = await library().file(cid);
      await out.write({ info, block: Buffer.alloc(0) });
      for (let at = 0; at < content.length && !out.signal.aborted; at += blockBytes) {
        await out.write({ info: undefined, block: content.subarray(at, at + blockBytes) });
      }
    }),
  };
}

/** What the first message of `MediaPrepare` says about the file. */
function checkedInfo(request: { block: Buffer; info: Media | undefined; uri: string }): Media {
  const { block, info, uri } = request;
  if (uri !== '') throw new PosternError('UNSUPPORTED', 'uri: this daemon opens no files for clients');
  if (block.length > 0) throw argumentInvalid('the first message has a block: it says only what the file is');
  if (info === undefined) throw argumentInvalid('info is missing');
  const { mimeType, filename, displayName, metadataBytes } = info;
  const bytes = Buffer.byteLength(mimeType + filename + displayName) + metadataBytes.length;
  if (bytes > mostInfoBytes) throw argumentInvalid(`info has more than ${mostInfoBytes} bytes`);
  return info;
}
