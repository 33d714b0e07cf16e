/** CIDv1 of raw bytes, by their SHA-256 (https://github.com/multiformats/cid): how clients name entries. */
const prefix = Buffer.from([0x01, 0x55, 0x12, 0x20]);
/** RFC 4648 base32 in lower case, without padding; multibase marks it with `b`. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** The CID of an entry by its hash. */
export function cidOf(hash: Uint8Array): Buffer {
  return Buffer.concat([prefix, hash]);
}

/** The hash in a CID; undefined where it is none of ours. */
export function hashIn(cid: Uint8Array): Buffer | undefined {
  const bytes = Buffer.from(cid);
  return bytes.length === prefix.length + 32 && bytes.subarray(0, prefix.length).equals(prefix)
    ? bytes.subarray(prefix.length)
    : undefined;
}

/** A CID as text. */
export function cidText(cid: Uint8Array): string {
  let text = 'b';
  let bits = 0;
  let held = 0;
  for (const byte of cid) {
    held = ((held << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31];
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31];
}
