import { type FileHandle, open } from 'node:fs/promises';

/** What a program's file tells of how it is started. */
export interface ProgramFacts {
  /** 32 or 64. */
  readonly bits: number;
  /** Number of the kind of processor (`e_machine`). */
  readonly machine: number;
  /** The program that loads its libraries (`PT_INTERP`); undefined: it has none, and libraries cannot be put before its own. */
  readonly loader: string | undefined;
  /** Made by Go, whose programs ask the kernel themselves what others ask the library of C. */
  readonly isGo: boolean;
}

const loadsBy = 3;
const note = 4;
/** A loader's path and a note are no longer than this; a program has no more headers. */
const [mostBytes, mostHeaders] = [4_096, 256];

/**
 * Reads the head of a program (elf(5), "ELF header" and "Program header"); undefined where the file is none. Rejects where
 * it cannot be read.
 */
export async function readProgram(path: string): Promise<ProgramFacts | undefined> {
  const file = await open(path, 'r');
  try {
    const head = await bytesAt(file, 0, 64);
    if (head.length < 52 || head.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
    const wide = head[4] === 2;
    const read = reader(head[5] === 2);
    const [at, size, count] = wide
      ? [read(head, 32, 8), read(head, 54, 2), read(head, 56, 2)]
      : [read(head, 28, 4), read(head, 42, 2), read(head, 44, 2)];
    const table = await bytesAt(file, at, size * Math.min(count, mostHeaders));
    let loader: string | undefined;
    let isGo = false;
    for (let entry = 0; entry + size <= table.length && size > 0; entry += size) {
      const type = read(table, entry, 4);
      if (type !== loadsBy && type !== note) continue;
      const [from, length] = wide
        ? [read(table, entry + 8, 8), read(table, entry + 32, 8)]
        : [read(table, entry + 4, 4), read(table, entry + 16, 4)];
      const bytes = await bytesAt(file, from, Math.min(length, mostBytes));
      if (type === loadsBy) loader = bytes.toString('utf8').replace(/\0.*$/s, '');
      // The linker of Go writes a note of the name "Go" (cmd/link, data.go: ELF_NOTE_GO_NAME).
      else if (bytes.length >= 16 && bytes.toString('latin1', 12, 16) === 'Go\0\0') isGo = true;
    }
    return { bits: wide ? 64 : 32, machine: read(head, 18, 2), loader, isGo };
  } finally {
    await file.close();
  }
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, at);
  return buffer.subarray(0, bytesRead);
}

/** Reads numbers in the order of bytes that the file has. */
function reader(isBig: boolean): (bytes: Buffer, at: number, size: 2 | 4 | 8) => number {
  return (bytes, at, size) => {
    if (at + size > bytes.length) return 0;
    if (size === 8) return Number(isBig ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
    return isBig ? bytes.readUIntBE(at, size) : bytes.readUIntLE(at, size);
  };
}
