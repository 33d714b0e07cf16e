import { PosternError } from '../../errors.js';

/** What somebody has said of themself. */
export interface Profile {
  readonly username?: string | undefined;
  readonly headImage?: string | undefined;
  /** 0 to 9; programs say what it means, many as ISO/IEC 5218 does. */
  readonly sex?: number | undefined;
  /** In years. */
  readonly age?: number | undefined;
}

/** The longest user name, in characters as people count them (code points). */
export const longestUsername = 64;
/** The largest image, in bytes of its text as UTF-8: a picture of 144 KiB in base64, or the address of one. */
export const largestHeadImageBytes = 192 * 1024;
/** The largest profile as it is kept, in bytes; text that JSON has to escape counts as what it takes there. */
export const largestProfileBytes = 256 * 1024;
/** The largest number for a sex. */
export const largestSex = 9;
/** The greatest age, in years. */
export const greatestAge = 150;

/**
 * The profile with what is given in `change`; what is absent there stays. A text of no characters takes a field away.
 * Throws `ARGUMENT_INVALID`, with all that is wrong.
 */
export function changed(profile: Profile, change: Profile): Profile {
  const wrong = flaws(change);
  if (wrong.length > 0) throw new PosternError('ARGUMENT_INVALID', wrong.join('; '));
  const made: Profile = {
    username: textOf(change.username, profile.username),
    headImage: textOf(change.headImage, profile.headImage),
    sex: change.sex ?? profile.sex,
    age: change.age ?? profile.age,
  };
  const bytes = Buffer.byteLength(JSON.stringify(made));
  if (bytes > largestProfileBytes) {
    throw new PosternError(
      'ARGUMENT_INVALID',
      `the profile would take ${bytes} bytes, it may take ${largestProfileBytes}`,
    );
  }
  return made;
}

function textOf(given: string | undefined, before: string | undefined): string | undefined {
  if (given === undefined) return before;
  return given === '' ? undefined : given;
}

function flaws({ username, headImage, sex, age }: Profile): string[] {
  return [
    ...nameFlaws(username),
    ...imageFlaws(headImage),
    ...numberFlaws('sex', sex, largestSex),
    ...numberFlaws('age', age, greatestAge),
  ];
}

function nameFlaws(username: string | undefined): string[] {
  if (username === undefined) return [];
  const length = [...username].length;
  if (length > longestUsername) {
    return [`username has ${length} characters, it may have ${longestUsername}`];
  }
  if (/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(username)) return ['username may hold no control characters'];
  if (username !== '' && username.trim() === '') return ['username may not be blank'];
  return [];
}

function imageFlaws(headImage: string | undefined): string[] {
  if (headImage === undefined) return [];
  const bytes = Buffer.byteLength(headImage);
  if (bytes > largestHeadImageBytes) {
    return [`head_image has ${bytes} bytes, it may have ${largestHeadImageBytes}`];
  }
  return /[\p{Cc}\p{Cs}]/u.test(headImage) ? ['head_image may hold no control characters'] : [];
}

function numberFlaws(name: string, value: number | undefined, most: number): string[] {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= most)) return [];
  return [`${name} is ${value}, it may be 0 to ${most}`];
}
