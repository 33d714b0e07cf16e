import type { Field } from '../differential/fields.js';

/** What a body of gRPC-web holds. */
export interface Frames {
  /** Payloads of the messages, in order, with their flags. */
  readonly messages: readonly Buffer[];
  readonly flags: readonly number[];
  /** What the frame of trailers tells; undefined where there is none. */
  readonly trailers: readonly Field[] | undefined;
  /** Bytes behind the last whole frame. */
  readonly rest: number;
}

/** A frame: flag, length, payload. */
export function frame(payload: Uint8Array | string, flag = 0): Buffer {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(5);
  head.writeUInt8(flag);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Takes a body apart, in the simplest way. */
export function framesOf(body: Buffer): Frames {
  const messages: Buffer[] = [];
  const flags: number[] = [];
  let trailers: Field[] | undefined;
  let at = 0;
  while (at + 5 <= body.length) {
    const flag = body.readUInt8(at);
    const end = at + 5 + body.readUInt32BE(at + 1);
    if (end > body.length) break;
    const payload = body.subarray(at + 5, end);
    if (trailers !== undefined) throw new Error('a frame behind the trailers');
    if ((flag & 0x80) !== 0) trailers = trailersIn(payload.toString('latin1'));
    else {
      messages.push(payload);
      flags.push(flag);
    }
    at = end;
  }
  return { messages, flags, trailers, rest: body.length - at };
}

/** Strict: lower-case names, one blank, CRLF behind each. */
function trailersIn(text: string): Field[] {
  if (text !== '' && !text.endsWith('\r\n'))
    throw new Error(`trailers without an end: ${JSON.stringify(text)}`);
  return text
    .split('\r\n')
    .slice(0, -1)
    .map((line) => {
      const match = /^([a-z0-9_.-]+): (.*)$/.exec(line);
      if (match === null) throw new Error(`no trailer: ${JSON.stringify(line)}`);
      return [match[1] ?? '', match[2] ?? ''];
    });
}

/** Base64 in pieces that are each padded, or not. */
export function unbase64(text: string): Buffer {
  const groups = text.match(/[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==/g) ?? [];
  if (groups.join('') !== text) throw new Error('this is no base64');
  return Buffer.concat(groups.map((group) => Buffer.from(group, 'base64')));
}
