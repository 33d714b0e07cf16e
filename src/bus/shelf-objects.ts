import { parseJson } from './messaging.js';
import { type ShelfEntry, shelfBucket, shelfEntry } from './shelf.js';

/** How an object of JetStream's object store is described (NATS ADR-20), as far as other clients look at it. */
interface ObjectInfo {
  readonly name: string;
  readonly bucket: string;
  readonly nuid: string;
  readonly size: number;
  readonly mtime: string;
  readonly chunks: number;
  readonly digest: string;
  /** What is not to be read here is passed over by others. */
  readonly deleted?: true;
  readonly metadata: Readonly<Record<string, string>>;
}

const prefix = `$O.${shelfBucket}.M.`;
/** Under which name the entry as Postern reads it stands in the metadata of an object. */
const own = 'postern';

/** Base64 for URLs, with padding, as the names and digests of objects are written. */
function padded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

export function objectSubject(name: string): string {
  return `${prefix}${padded(Buffer.from(name))}`;
}

/** Undefined: it is none. */
export function nameOf(subject: string): string | undefined {
  return subject.startsWith(prefix)
    ? Buffer.from(subject.slice(prefix.length), 'base64url').toString('utf8')
    : undefined;
}

export function objectOf(name: string, entry: ShelfEntry): ObjectInfo {
  return {
    name,
    bucket: shelfBucket,
    nuid: entry.id,
    size: entry.size,
    mtime: new Date(entry.atMs).toISOString(),
    chunks: entry.pieces,
    digest: `SHA-256=${padded(Buffer.from(entry.sha256, 'hex'))}`,
    ...(entry.state === 'whole' ? {} : { deleted: true as const }),
    metadata: { node: entry.node, [own]: JSON.stringify(entry) },
  };
}

/** Undefined: it was written by somebody else. */
export function entryOf(bytes: Uint8Array): ShelfEntry | undefined {
  const json = parseJson(bytes);
  if (typeof json !== 'object' || json === null || !('metadata' in json)) return undefined;
  const { metadata } = json;
  if (typeof metadata !== 'object' || metadata === null || !(own in metadata)) return undefined;
  const text = metadata[own];
  const parsed = shelfEntry.safeParse(typeof text === 'string' ? parseJson(Buffer.from(text)) : undefined);
  return parsed.success ? parsed.data : undefined;
}
