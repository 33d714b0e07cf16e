import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { checkoutRoot } from '../support/processes.js';

/** Where the imports of `garden/garden.proto` start. */
export const gardenRoot = path.join(checkoutRoot, 'test/client/protos');

/** A FileDescriptorSet of a directory of protos, as buf, a real compiler, makes it. */
export async function compiledProtos(directory: string): Promise<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'postern-protos-'));
  try {
    const out = path.join(folder, 'set.binpb');
    const buf = path.join(checkoutRoot, 'node_modules/.bin/buf');
    await promisify(execFile)(buf, ['build', directory, '-o', out], { timeout: 60_000 });
    return await readFile(out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
