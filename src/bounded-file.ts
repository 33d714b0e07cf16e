import { createReadStream } from 'node:fs';

/**
 * Reads a text file that has at most `most` bytes; of a larger one, or a pipe without end, no more is read than shows that.
 * Rejects where it cannot be read, and for one that is larger.
 */
export async function readTextUpTo(path: string, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // `end` is the last byte that is read: one more than there may be
  for await (const chunk of createReadStream(path, { end: most })) {
    const part: Uint8Array = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > most) throw new Error(`it has more than ${most} bytes, which is more than is read`);
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}
