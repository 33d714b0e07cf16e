import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';

/** An open file of a journal. */
export interface JournalFile {
  /** Writes all of it at this place. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Reads up to `buffer.length` bytes; resolves to how many there were. */
  read(buffer: Uint8Array, at: number): Promise<number>;
  size(): Promise<number>;
  truncate(size: number): Promise<void>;
  /** Resolves when what was written is safe on disk. */
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** What a journal needs of a file system. */
export interface JournalFiles {
  /** Makes a directory for its owner alone, and those above it. */
  makeDirectory(path: string): Promise<void>;
  /** The names in a directory; none when it is not there. */
  list(path: string): Promise<string[]>;
  /** Makes a file for its owner alone; throws when there is one. */
  create(path: string): Promise<JournalFile>;
  open(path: string): Promise<JournalFile>;
  /** Gives a directory another name, at once; nothing when it is not there. */
  rename(path: string, to: string): Promise<void>;
  /** Removes a file or a whole directory; nothing when it is not there. */
  remove(path: string): Promise<void>;
  /** Resolves when the names in a directory are safe on disk. */
  syncDirectory(path: string): Promise<void>;
}

/** The real one. */
export const diskFiles: JournalFiles = {
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  list: (path) => readdir(path).catch(unlessAbsent<string[]>([])),
  create: (path) => opened(path, 'wx+'),
  open: (path) => opened(path, 'r+'),
  rename: (path, to) => rename(path, to).catch(unlessAbsent(undefined)),
  remove: (path) => rm(path, { recursive: true, force: true }),
  async syncDirectory(path) {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};

/** Gives `otherwise` for what is not there, and throws what else was thrown. */
function unlessAbsent<T>(otherwise: T): (thrown: unknown) => T {
  return (thrown) => {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return otherwise;
    throw thrown;
  };
}

async function opened(path: string, flags: string): Promise<JournalFile> {
  const file = await open(path, flags, 0o600);
  return {
    async write(bytes, at) {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
        done += bytesWritten;
      }
    },
    async read(buffer, at) {
      let done = 0;
      while (done < buffer.length) {
        const { bytesRead } = await file.read(buffer, done, buffer.length - done, at + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    size: async () => (await file.stat()).size,
    truncate: (size) => file.truncate(size),
    datasync: () => file.datasync(),
    close: () => file.close(),
  };
}
