import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const codeBytes = 16;

/** Makes the codes that prove addresses. */
export class Codes {
  readonly #secret: Buffer;

  /** @param secret the same in all processes, so that each can make a code again that another one has begun with. */
  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /**
   * 128 bits that only who has the secret can tell, in 26 letters and digits (RFC 4648 base32). So much, that guessing is
   * hopeless however many addresses somebody tries at once; it is copied rather than typed.
   */
  codeFor(email: string, request: string): string {
    const bytes = createHmac('sha256', this.#secret).update(`${email}\0${request}`).digest();
    return base32(bytes.subarray(0, codeBytes));
  }
}

/** What is kept of a code. */
export function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url');
}

/** Whether it is the hash of the code, in a time that tells nothing. */
export function isHashOf(hash: string, code: string): boolean {
  const said = Buffer.from(hashOf(code));
  const kept = Buffer.from(hash);
  return said.length === kept.length && timingSafeEqual(said, kept);
}

/** A code as people give it back: capitals, blanks and dashes do not count. */
export function readCode(text: string): string {
  return text.toLowerCase().replace(/[\s-]/g, '');
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(held >> bits) & 31] ?? '';
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + (alphabet[(held << (5 - bits)) & 31] ?? '');
}
