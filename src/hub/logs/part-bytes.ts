import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type LogPart, largestLogPart } from '../../bus/log-messages.js';
import { PosternError } from '../../errors.js';

const unzip = promisify(gunzip);

/** The bytes of a part. Throws `UPLOAD_REFUSED` for what holds none, or more than a part may. */
export async function partBytes({ data, gzip }: Extract<LogPart, { kind: 'part' }>): Promise<Uint8Array> {
  const sent = Buffer.from(data, 'base64');
  const bytes = gzip ? await unzip(sent, { maxOutputLength: largestLogPart }).catch(() => undefined) : sent;
  if (bytes === undefined || bytes.length === 0 || bytes.length > largestLogPart) {
    throw new PosternError(
      'UPLOAD_REFUSED',
      `a part holds 1 to ${largestLogPart} bytes, compressed by gzip or not`,
    );
  }
  return bytes;
}
