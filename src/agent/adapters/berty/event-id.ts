/** RFC 4648 base32 in lower case, without padding; multibase marks it with `b`. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * The id of an event (a CIDv1, https://github.com/multiformats/cid) as text: as daemons write it where they give text, in the
 * answer to what was sent and as the target of an acknowledgement, so that these can be compared.
 */
export function eventIdText(id: Uint8Array): string {
  let text = 'b';
  let bits = 0;
  let held = 0;
  for (const byte of id) {
    held = ((held << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31];
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31];
}
