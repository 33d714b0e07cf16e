import { PosternError } from '../../errors.js';

/** The longest name of a room, in bytes of UTF-8. */
export const longestRoomNameBytes = 128;
/** The longest identity of somebody in a room, in bytes of UTF-8: as long as a mail address may be. */
export const longestIdentityBytes = 256;

/** The name of a room as it is compared: in Unicode's composed form. Throws `ARGUMENT_INVALID`, with what is wrong. */
export function roomName(given: string): string {
  const name = given.normalize('NFC');
  const wrong = flaw(name, longestRoomNameBytes);
  if (wrong !== undefined) throw new PosternError('ARGUMENT_INVALID', `roomName ${wrong}`);
  return name;
}

/** Who somebody is in a room. Throws `ARGUMENT_INVALID`, with what is wrong. */
export function roomIdentity(given: string): string {
  const wrong = flaw(given, longestIdentityBytes);
  if (wrong !== undefined) throw new PosternError('ARGUMENT_INVALID', `identity ${wrong}`);
  return given;
}

function flaw(text: string, longest: number): string | undefined {
  if (text === '') return 'is empty';
  const bytes = Buffer.byteLength(text);
  if (bytes > longest) return `has ${bytes} bytes, it may have ${longest}`;
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)) {
    return 'may hold no characters that are not seen';
  }
  return text.trim() === text ? undefined : 'may not begin or end with a space';
}

/** The name of a room as a key of a bucket: any name is one there, and each name another one. */
export function roomKey(name: string): string {
  return `room.${Buffer.from(name).toString('base64url')}`;
}
