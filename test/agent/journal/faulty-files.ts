import { diskFiles, type JournalFile, type JournalFiles } from '../../../src/agent/journal/files.js';

/** What a journal asks of the file system. */
export type Operation =
  | 'makeDirectory'
  | 'create'
  | 'open'
  | 'write'
  | 'datasync'
  | 'truncate'
  | 'remove'
  | 'syncDirectory';

/** Looks on at each operation that changes something: called before it and after it. What it throws, the operation throws. */
export type Hook = (phase: 'before' | 'after', operation: Operation, path: string) => void | Promise<void>;

/** The real file system with a hook around each operation that changes something. */
export function hookedFiles(hook: Hook): JournalFiles {
  const around = async <T>(operation: Operation, path: string, work: () => Promise<T>): Promise<T> => {
    await hook('before', operation, path);
    const result = await work();
    await hook('after', operation, path);
    return result;
  };
  const hooked = (file: JournalFile, path: string): JournalFile => ({
    ...file,
    write: (bytes, at) => around('write', path, () => file.write(bytes, at)),
    datasync: () => around('datasync', path, () => file.datasync()),
    truncate: (size) => around('truncate', path, () => file.truncate(size)),
  });
  return {
    ...diskFiles,
    makeDirectory: (path) => around('makeDirectory', path, () => diskFiles.makeDirectory(path)),
    create: async (path) => hooked(await around('create', path, () => diskFiles.create(path)), path),
    open: async (path) => hooked(await diskFiles.open(path), path),
    remove: (path) => around('remove', path, () => diskFiles.remove(path)),
    syncDirectory: (path) => around('syncDirectory', path, () => diskFiles.syncDirectory(path)),
  };
}

/** An error of the system. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by a test`), { code });
}
