/** Which protos are for programs of other people, in any language. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { checkoutRoot } from '../../test/support/processes.js';

/** Where the protos are; the names of their files, and of those that they import, begin here. */
export const protoDir = path.join(checkoutRoot, 'proto');

/** Folders of `proto/` that only hubs and agents speak, over the bus. */
export const ofTheBus: readonly string[] = ['postern/bus'];

/** All others, as they import each other: `internal/hub.proto`. Sorted. */
export async function publicProtos(): Promise<string[]> {
  const files = await readdir(protoDir, { recursive: true });
  return files
    .filter((file) => file.endsWith('.proto'))
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => !ofTheBus.some((folder) => file.startsWith(`${folder}/`)))
    .sort();
}

/** The package that a proto declares. */
export async function packageOf(proto: string): Promise<string> {
  const name = /^package ([\w.]+);$/m.exec(await readFile(path.join(protoDir, proto), 'utf8'))?.[1];
  if (name === undefined) throw new Error(`${proto} declares no package`);
  return name;
}

/** A hash of the names and contents of files, and of what else counts. */
export async function hashOf(files: readonly string[], more: string): Promise<string> {
  const hash = createHash('sha256').update(`${more}\0`);
  for (const file of files) {
    const content = await readFile(file);
    hash.update(`${path.relative(checkoutRoot, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}
