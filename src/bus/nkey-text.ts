/** Letters of base32 (RFC 4648 §6). */
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** First byte of a private key: its text begins with `P`. */
export const privatePrefix = 15 << 3;

/** Text of a key: a byte that says what it is, the key, and two bytes of CRC-16/XMODEM, lower one first, in base32. */
export function encodeNkey(prefix: number, key: Uint8Array): string {
  const bytes = new Uint8Array(key.length + 3);
  bytes[0] = prefix;
  bytes.set(key, 1);
  const crc = crc16(bytes.subarray(0, -2));
  bytes.set([crc & 0xff, crc >> 8], key.length + 1);
  return base32(bytes);
}

/** The bytes of a text whose form was checked, with prefix and check sum. */
export function decodeNkey(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length * 5) >> 3);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const letter of text) {
    held = ((held << 5) | letters.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = (held >> bits) & 0xff;
    at += 1;
  }
  return bytes;
}

/** The 32 secret bytes of a seed whose form was checked, and the first byte of its public key: its text has both in its first two bytes. */
export function decodeSeed(text: string): { role: number; seed: Uint8Array } {
  const bytes = decodeNkey(text);
  const [first = 0, second = 0] = bytes;
  return { role: ((first & 7) << 5) | (second >> 3), seed: bytes.slice(2, -2) };
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += letters.charAt((held >> bits) & 31);
    }
  }
  return bits === 0 ? text : text + letters.charAt((held << (5 - bits)) & 31);
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc;
}
