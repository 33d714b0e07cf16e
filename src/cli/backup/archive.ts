import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { nodeName } from '../../bus/messages.js';
import { hasErrorCode } from '../../private-file.js';
import { type ArchiveFile, invalid, packTar, unpackTar } from './tar.js';

/** Form of the archive that is written and read. */
const formatVersion = 1;
const manifestName = 'postern-backup.json';

const manifest = z.object({
  format: z.literal('postern-backup'),
  version: z.number().int(),
  /** Version of Postern that made it. */
  postern: z.string().max(64),
  /** When it was made, ISO 8601. */
  at: z.iso.datetime(),
  /** Whether the registry of nodes and tokens is in it. */
  registry: z.boolean(),
  /** SHA-256 of every file, hex. */
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});
export type Manifest = z.infer<typeof manifest>;

/** What an archive holds. */
export interface Backup {
  readonly manifest: Manifest;
  readonly files: readonly ArchiveFile[];
}

/** Longest archive that is read, longest content of it, and longest file of it that is none of the registry, in bytes. */
export const longestArchive = 512 * 2 ** 20;
const longestContent = 1024 * 2 ** 20;
const longestSmallFile = 2 ** 20;
const mostFiles = 100_000;

/** Whether a file may be in a backup: nothing else is written into a data directory, whatever an archive says. */
export function mayHold(name: string): boolean {
  const agent = /^agent\/([^/]+)\/key\.nk$/.exec(name);
  if (agent !== null) return nodeName.safeParse(agent[1]).success;
  return /^(keys|tokens)\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}$|^registry\/[a-z]{1,32}\.jsonl$|^hub-instance$|^nats\/port$/.test(
    name,
  );
}

/** The files as a `.tar.gz`, with a manifest first. */
export function packBackup(
  files: readonly ArchiveFile[],
  facts: { postern: string; atMs: number; registry: boolean },
): Buffer {
  const content: Manifest = {
    format: 'postern-backup',
    version: formatVersion,
    postern: facts.postern,
    at: new Date(facts.atMs).toISOString(),
    registry: facts.registry,
    files: Object.fromEntries(files.map(({ name, content }) => [name, sha256(content)])),
  };
  const first = { name: manifestName, content: Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`) };
  return gzipSync(packTar([first, ...files], facts.atMs));
}

/** Reads and checks an archive. Throws `BACKUP_INVALID`. */
export function unpackBackup(archive: Buffer): Backup {
  const files = unpackTar(unzipped(archive));
  if (files.length > mostFiles) throw invalid('it has too many files');
  const found = files.find(({ name }) => name === manifestName);
  if (found === undefined) throw invalid(`it has no ${manifestName}`);
  const read = manifestOf(found.content);
  const rest = files.filter((file) => file !== found);
  const names = new Set<string>();
  for (const { name, content } of rest) {
    if (!mayHold(name)) throw invalid(`it has a file ${JSON.stringify(name)}, which belongs into no backup`);
    if (names.has(name)) throw invalid(`it has the file ${name} twice`);
    names.add(name);
    if (!name.startsWith('registry/') && content.length > longestSmallFile)
      throw invalid(`${name} is too long`);
    if (read.files[name] !== sha256(content)) throw invalid(`${name} is not as it was backed up`);
  }
  for (const name of Object.keys(read.files)) if (!names.has(name)) throw invalid(`${name} is missing`);
  return { manifest: read, files: rest };
}

function manifestOf(content: Buffer): Manifest {
  let parsed: ReturnType<typeof manifest.safeParse>;
  try {
    parsed = manifest.safeParse(JSON.parse(content.toString('utf8')));
  } catch {
    throw invalid(`its ${manifestName} is no JSON`);
  }
  if (!parsed.success) throw invalid(`its ${manifestName} is not as it should be`);
  if (parsed.data.version === formatVersion) return parsed.data;
  throw invalid(
    `it is of version ${parsed.data.version}, made by Postern ${parsed.data.postern}; this one reads version ${formatVersion}`,
  );
}

function unzipped(archive: Buffer): Buffer {
  if (archive.length === 0) throw invalid('it is empty');
  try {
    return gunzipSync(archive, { maxOutputLength: longestContent });
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ERR_BUFFER_TOO_LARGE')) throw invalid('it holds too much');
    if (hasErrorCode(thrown, 'Z_BUF_ERROR')) throw invalid('it is cut off');
    throw invalid('it is not packed by gzip, or damaged');
  }
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
