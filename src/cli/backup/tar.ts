import { PosternError } from '../../errors.js';

/** A file in an archive. */
export interface ArchiveFile {
  /** Its path, with slashes. */
  readonly name: string;
  readonly content: Buffer;
}

/** An archive is made of blocks of this size: POSIX.1-1988, "ustar interchange format". */
const blockBytes = 512;
const longestName = 100;
/** Files for their owner alone. */
const mode = 0o600;

/** The files as a tar archive that any tar can list. */
export function packTar(files: readonly ArchiveFile[], atMs: number): Buffer {
  const blocks = files.flatMap(({ name, content }) => [
    header(name, content.length, atMs),
    content,
    Buffer.alloc(-content.length & (blockBytes - 1)),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}

/**
 * The files of a tar archive; directories are left out, and nothing is looked at but names and content. Throws
 * `BACKUP_INVALID` for one that is cut off, has other things than files, or is none.
 */
export function unpackTar(bytes: Buffer): ArchiveFile[] {
  const files: ArchiveFile[] = [];
  for (let at = 0; ; ) {
    const block = bytes.subarray(at, at + blockBytes);
    if (block.length < blockBytes) throw invalid('it is cut off');
    at += blockBytes;
    if (block.every((byte) => byte === 0)) return files;
    if (checksum(block) !== octal(block, 148, 8)) throw invalid('it is no tar archive, or damaged');
    const prefix = text(block, 345, 155);
    const name = `${prefix === '' ? '' : `${prefix}/`}${text(block, 0, longestName)}`;
    const size = octal(block, 124, 12);
    const type = String.fromCharCode(block[156] ?? 0);
    if (type === '5' && size === 0) continue;
    if (type !== '0' && type !== '\0') throw invalid(`${JSON.stringify(name)} is no plain file`);
    // What is cut off here has no block after it either, which is told above.
    files.push({ name: name.replace(/^\.\//, ''), content: bytes.subarray(at, at + size) });
    at += size + (-size & (blockBytes - 1));
  }
}

function header(name: string, size: number, atMs: number): Buffer {
  if (Buffer.byteLength(name) > longestName) throw invalid(`the name ${name} is too long`);
  const block = Buffer.alloc(blockBytes);
  const number = (value: number, at: number, length: number): void => {
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  };
  block.write(name, 0, 'utf8');
  number(mode, 100, 8);
  number(0, 108, 8);
  number(0, 116, 8);
  number(size, 124, 12);
  number(Math.floor(atMs / 1000), 136, 12);
  block.write('0', 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  number(checksum(block), 148, 7);
  block.write(' ', 155, 'latin1');
  return block;
}

/** The sum of all bytes, those of the sum itself counted as blanks. */
function checksum(block: Buffer): number {
  let sum = 0;
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte;
  return sum;
}

function octal(block: Buffer, at: number, length: number): number {
  const digits = text(block, at, length).trim();
  if (!/^[0-7]{1,11}$/.test(digits)) throw invalid('it is no tar archive, or damaged');
  return Number.parseInt(digits, 8);
}

function text(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString('utf8');
}

/** Why an archive cannot be used. */
export function invalid(why: string): PosternError {
  return new PosternError('BACKUP_INVALID', `this is no backup that can be restored: ${why}`, {
    hint: 'give a file that `postern backup` has made, whole and unchanged',
  });
}
