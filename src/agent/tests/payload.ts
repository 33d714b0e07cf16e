import { createHash } from 'node:crypto';
import { imageOf, lineOfImage } from './image.js';

/** Who sent a message of a test, and which one of its messages it is. */
export interface MessageId {
  readonly run: string;
  readonly test: string;
  /** The node that sent it. */
  readonly from: string;
  /** Counted from 1. */
  readonly seq: number;
}

/** What is behind the name says how the rest is read. */
const mark = 'postern/1';
/** The first line of a message: words that cannot hold a blank. */
const firstLine =
  /^postern\/1 ([A-Za-z0-9_-]{1,64}) ([A-Za-z0-9_-]{1,64}) ([a-z0-9-]{1,63}) ([1-9][0-9]{0,14})\n/;
const longestFirstLine = 256;

/**
 * The text of one message: a line that names it, and filler up to `size` bytes, all of it printable ASCII. It is the same
 * each time it is made, and no two messages hold the same filler. A message is never shorter than its line.
 */
export function payloadOf(id: MessageId, size: number): Uint8Array {
  const line = lineOf(id);
  const payload = Buffer.alloc(Math.max(size, line.length));
  payload.write(line, 'latin1');
  let at = line.length;
  for (let block = 0; at < payload.length; block++) {
    const filler = createHash('sha512').update(`${line}${block}`).digest('base64url');
    at += payload.write(filler, at, 'latin1');
  }
  return payload;
}

/** The image of one message: a PNG of exactly `size` bytes, 512 at least, that holds the same line as a text does. */
export function imagePayloadOf(id: MessageId, size: number): Uint8Array {
  return imageOf(lineOf(id), size);
}

/** Which message this text or image is; undefined when it is none of a test, or its line is damaged. */
export function messageIdOf(payload: Uint8Array): MessageId | undefined {
  const head = Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.length, longestFirstLine));
  const text = lineOfImage(payload) ?? head.toString('latin1');
  const [, run, test, from, seq] = firstLine.exec(text) ?? [];
  if (run === undefined || test === undefined || from === undefined || seq === undefined) return undefined;
  return { run, test, from, seq: Number(seq) };
}

function lineOf({ run, test, from, seq }: MessageId): string {
  return `${mark} ${run} ${test} ${from} ${seq}\n`;
}

/** SHA-256 of a payload, in hexadecimal digits. */
export function payloadHash(payload: Uint8Array): string {
  return createHash('sha256').update(payload).digest('hex');
}
