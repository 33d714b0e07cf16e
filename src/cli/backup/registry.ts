import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOrCreateAuthority } from '../../bus/authority.js';
import type { Bus } from '../../bus/bus.js';
import { connectBus } from '../../bus/connect.js';
import { startEmbeddedServer } from '../../bus/embedded-server.js';
import { findServerBinary } from '../../bus/server-binary.js';
import { type StoreDeclaration, stores } from '../../bus/subjects.js';
import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Cleanup } from '../cleanup.js';
import { keysIn } from '../keys-directory.js';
import { toolsDirectory } from '../tools-directory.js';
import { type ArchiveFile, invalid } from './tar.js';

/** The buckets of the registry, by the name of their file. */
const buckets: ReadonlyMap<string, StoreDeclaration<unknown>> = new Map(
  Object.entries(stores).filter(([, { users }]) => users.some((user) => user === 'hub')),
);

/** How long connecting, and reading all of a bucket, may take, in milliseconds. */
const [connectMs, readMs] = [10_000, 60_000];
/** Life of the credentials, in seconds. */
const credentialSeconds = 3_600;
/** So many entries are written at once. */
const atOnce = 64;

/** Whether the data directory has a NATS server of its own. */
export function hasOwnServer(data: string): Promise<boolean> {
  return access(join(data, 'nats', 'jetstream')).then(
    () => true,
    () => false,
  );
}

/**
 * Connects to the bus of a data directory with its keys: to one of these servers, else to the directory's own, which
 * then runs until the cleanup.
 */
export async function openBus(options: {
  data: string;
  urls: readonly string[];
  env: NodeJS.ProcessEnv;
  log: Logger;
  cleanup: Cleanup;
}): Promise<Bus> {
  const { data, env, log, cleanup } = options;
  const authority = await loadOrCreateAuthority(keysIn(data));
  let { urls } = options;
  if (urls.length === 0) {
    const binary = await findServerBinary({ toolsDir: toolsDirectory(data), log, env });
    const server = await startEmbeddedServer({ dir: data, binary: binary.path, authority, log });
    cleanup.add('the NATS server', () => server.stop());
    urls = [server.url];
  }
  const { identity, ...credentials } = await authority.newUser({
    role: 'hub',
    name: 'backup',
    ttlSeconds: credentialSeconds,
  });
  const bus = await connectBus({
    servers: urls,
    identity,
    credentials: () => credentials,
    name: 'backup',
    log,
    firstConnect: 'fail',
    timeoutMs: connectMs,
  });
  cleanup.add('the bus', () => bus.drain());
  return bus;
}

/** Every entry of the registry, as it is now: a file for each bucket, a line of JSON for each entry. */
export function readRegistry(bus: Bus): Promise<ArchiveFile[]> {
  return Promise.all(
    [...buckets].map(async ([name, declaration]) => {
      const lines = await linesOf(bus, declaration);
      return { name: `registry/${name}.jsonl`, content: Buffer.concat(lines) };
    }),
  );
}

async function linesOf(bus: Bus, declaration: StoreDeclaration<unknown>): Promise<Buffer[]> {
  const store = await bus.store(declaration);
  const lines = new Map<string, Buffer>();
  const watch = store.watch((key, entry) => {
    if (entry === undefined) lines.delete(key);
    else lines.set(key, Buffer.from(`${JSON.stringify({ key, value: entry.value })}\n`));
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new PosternError('STORE_UNAVAILABLE', `the bucket ${declaration.bucket} could not be read in time`, {
          hint: 'look at the NATS server: JetStream has to be on and healthy',
        }),
      );
    }, readMs);
  });
  try {
    await Promise.race([watch.ready, late]);
    return [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  } finally {
    clearTimeout(timer);
    watch.stop();
  }
}

/** Writes every entry into empty buckets. Throws `BACKUP_INVALID` for what is no entry. */
export async function writeRegistry(bus: Bus, files: readonly ArchiveFile[]): Promise<number> {
  let count = 0;
  for (const { name, content } of files) {
    const declaration = buckets.get(/^registry\/(\w+)\.jsonl$/.exec(name)?.[1] ?? '');
    if (declaration === undefined) throw invalid(`${name} is of a bucket that this version does not know`);
    const store = await bus.store(declaration);
    const entries = entriesOf(name, content, declaration);
    for (let at = 0; at < entries.length; at += atOnce) {
      await Promise.all(entries.slice(at, at + atOnce).map(({ key, value }) => store.create(key, value)));
    }
    count += entries.length;
  }
  return count;
}

function entriesOf(
  name: string,
  content: Buffer,
  { value: schema }: StoreDeclaration<unknown>,
): { key: string; value: unknown }[] {
  const lines = content.toString('utf8').split('\n');
  return lines.flatMap((line, i) => {
    if (line === '') return [];
    try {
      const { key, value }: { key?: unknown; value?: unknown } = JSON.parse(line);
      if (typeof key === 'string') return [{ key, value: schema.parse(value) }];
    } catch {
      // told below
    }
    throw invalid(`line ${i + 1} of ${name} is no entry`);
  });
}
