import { readFile } from 'node:fs/promises';
import { load } from '@grpc/proto-loader';
import { errorText, PosternError } from '../errors.js';

/**
 * Compiles `.proto` files; resolves to serialised FileDescriptorProtos, one per package. Names are as written.
 * Throws `PROTO_INVALID` (exit status 2).
 */
export async function loadProtoFiles(
  files: readonly string[],
  importPaths: readonly string[],
): Promise<Uint8Array[]> {
  // The parser's own message for a missing file does not name it well.
  for (const file of files) await checkReadable(file, importPaths);
  try {
    const loaded = await load([...files], {
      keepCase: true,
      includeDirs: importPaths.length === 0 ? ['.'] : [...importPaths],
    });
    for (const definition of Object.values(loaded)) {
      const { fileDescriptorProtos } = definition;
      // Every type of the answer holds the whole set.
      if (Array.isArray(fileDescriptorProtos)) return fileDescriptorProtos;
    }
    return [];
  } catch (thrown) {
    throw invalid(files.join(', '), errorText(thrown), thrown);
  }
}

async function checkReadable(file: string, importPaths: readonly string[]): Promise<void> {
  const places = [file, ...importPaths.map((dir) => `${dir}/${file}`)];
  for (const place of places) {
    try {
      await readFile(place);
      return;
    } catch {
      // the next one
    }
  }
  throw invalid(file, `there is no such file (looked for ${places.join(', ')})`);
}

function invalid(what: string, why: string, cause?: unknown): PosternError {
  return new PosternError('PROTO_INVALID', `cannot use --proto ${what}: ${why}`, {
    hint: 'give each directory that imports start from with --import-path DIR',
    exitCode: 2,
    cause,
  });
}
