import { PosternError } from '../../errors.js';

/** Where a file belongs, as an agent says it. */
export interface FilePlace {
  readonly folder: string;
  readonly name: string;
  /** Path below, with slashes. */
  readonly file: string;
}

/** What controllers of before look for in front of the folder. */
const keyPrefix = 'test-run-';
/** Of one part of a key, in bytes: no file system that agents run on has longer names. */
const longestPart = 255;
/** Agents look so deep: 16 directories in each other in a named place. */
const mostParts = 18;
/** Control characters, halves of characters, marks that hide text or turn its direction, and what separates paths elsewhere. */
const forbidden = /[\p{C}\p{Zl}\p{Zp}/\\]/u;

/** The key of a file: `test-run-FOLDER/NAME/FILE`. Throws `UPLOAD_REFUSED` for what could lead elsewhere. */
export function keyOf({ folder, name, file }: FilePlace): string {
  const parts = file.split('/');
  if (parts.length > mostParts) throw refused(`the path of a file has more than ${mostParts} parts`);
  for (const part of [folder, name, ...parts]) checkPart(part);
  return `${keyPrefix}${folder}/${name}/${parts.join('/')}`;
}

/** What `keyOf` makes, told apart from all else. */
export function isKey(text: string): boolean {
  const [folder = '', name = '', ...parts] = text.split('/');
  try {
    return (
      folder.startsWith(keyPrefix) &&
      keyOf({ folder: folder.slice(keyPrefix.length), name, file: parts.join('/') }) === text
    );
  } catch {
    return false;
  }
}

/** All keys of a folder begin so. */
export function folderPrefix(folder: string): string {
  return `${keyPrefix}${folder}/`;
}

/** All keys of one upload begin so. */
export function uploadPrefix({ folder, name }: Pick<FilePlace, 'folder' | 'name'>): string {
  return `${folderPrefix(folder)}${name}/`;
}

/** A key as a path of a URL. */
export function keyPath(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

function checkPart(part: string): void {
  const shown = JSON.stringify(part.slice(0, 64));
  if (part === '' || part === '.' || part === '..') throw refused(`${shown} is no name of a folder or file`);
  if (forbidden.test(part)) throw refused(`${shown} holds a character that no name may have`);
  if (Buffer.byteLength(part) > longestPart) throw refused(`${shown}… is longer than ${longestPart} bytes`);
}

function refused(message: string): PosternError {
  return new PosternError('UPLOAD_REFUSED', message);
}
