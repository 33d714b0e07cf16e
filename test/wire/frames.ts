/** HTTP/2 frames written by hand, for what no library would send. */

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

export const settings = frame(4, 0, 0);

/** Of HEADERS and DATA: nothing comes after it. */
export const endStream = 1;

/** SETTINGS with identifiers and values. */
export function settingsOf(values: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * values.length);
  for (const [i, [id, value]] of values.entries()) {
    payload.writeUInt16BE(id, 6 * i);
    payload.writeUInt32BE(value, 6 * i + 2);
  }
  return frame(4, 0, 0, payload);
}

/** HEADERS with END_HEADERS, each field a literal that is not indexed. */
export function headers(stream: number, fields: Readonly<Record<string, string>>, flags = 0): Buffer {
  const block = Object.entries(fields).map(([name, value]) => hpackField(name, value));
  return frame(1, 4 | flags, stream, Buffer.concat(block));
}

/** One field of a header block, a literal that is not indexed. */
export function hpackField(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), hpackString(name), hpackString(value)]);
}

/** A string without Huffman coding: its length as RFC 7541 section 5.1 writes numbers in 7 bits, then its bytes. */
function hpackString(text: string): Buffer {
  const length = [Math.min(127, text.length)];
  if (text.length >= 127) {
    let rest = text.length - 127;
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), Buffer.from(text)]);
}

export function data(stream: number, payload: Buffer, flags = 0): Buffer {
  return frame(0, flags, stream, payload);
}

export function rstStream(stream: number, code: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(code);
  return frame(3, 0, stream, payload);
}

export function goaway(lastStream: number, code: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStream);
  payload.writeUInt32BE(code, 4);
  return frame(7, 0, 0, payload);
}

/** `stream` 0: of the connection. */
export function windowUpdate(stream: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(8, 0, stream, payload);
}
