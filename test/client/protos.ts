import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

/** Where the imports of `shed/shed.proto` start: a message with every kind of field. */
const shedRoot = path.join(checkoutRoot, 'test/client/shed-protos');

/** Hands the set of `shed/shed.proto` to `use` as a file that is gone afterwards. */
export async function compiledShed<T>(use: (files: string[]) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'postern-set-'));
  try {
    const file = path.join(folder, 'set.binpb');
    await writeFile(file, await compiledProtos(shedRoot));
    return await use([file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
