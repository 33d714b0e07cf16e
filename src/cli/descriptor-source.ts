import { type DescriptorSource, protoFileSource, protosetSource } from '../client/descriptors.js';
import type { HubConnection } from '../client/hub-connection.js';
import { parseMetadata } from '../client/metadata.js';
import { reflectionSource } from '../client/reflection-source.js';
import { PosternError } from '../errors.js';
import type { Invocation } from './invocation.js';
import { requiredWord } from './invocation.js';
import { withHub } from './with-hub.js';

/** The name by which the hub's own services are called. */
export const hubName = 'hub';

/** The node that the first word names; undefined for the hub itself. */
export function nodeOf(invocation: Invocation): string | undefined {
  const word = requiredWord(invocation, 0);
  return word === hubName ? undefined : word;
}

/** The source that `schemaOptions` name, or undefined: reflection. */
export async function sourceFromFiles({ options }: Invocation): Promise<DescriptorSource | undefined> {
  const protos = options.list('proto');
  const sets = options.list('protoset');
  if (protos.length > 0 && sets.length > 0) {
    throw new PosternError('USAGE', 'say either --proto or --protoset', { exitCode: 2 });
  }
  if (protos.length > 0) return protoFileSource(protos, options.list('import-path'));
  return sets.length > 0 ? protosetSource(sets) : undefined;
}

/** Runs `use` with the types that the options name; without files there, with reflection through the hub. */
export async function withTypes<T>(
  invocation: Invocation,
  deadlineMs: number,
  use: (source: DescriptorSource) => Promise<T>,
): Promise<T> {
  const fixed = await sourceFromFiles(invocation);
  if (fixed !== undefined) return use(fixed);
  return withHub(invocation, (connection) => withTypesOver(invocation, connection, deadlineMs, use));
}

/** As `withTypes`, over a connection that is there already. */
export async function withTypesOver<T>(
  invocation: Invocation,
  connection: HubConnection,
  deadlineMs: number,
  use: (source: DescriptorSource) => Promise<T>,
): Promise<T> {
  const fixed = await sourceFromFiles(invocation);
  if (fixed !== undefined) return use(fixed);
  const metadata = connection.metadata(nodeOf(invocation));
  metadata.merge(await parseMetadata(invocation.options.list('header')));
  const source = reflectionSource(connection.client, metadata, deadlineMs);
  try {
    return await use(source);
  } finally {
    source.close();
  }
}

/** How long looking something up may take altogether, in milliseconds. */
const lookUpMs = 30_000;

/** When a look-up that begins now must be done, Unix time in milliseconds. */
export function lookUpDeadline(): number {
  return Date.now() + lookUpMs;
}
