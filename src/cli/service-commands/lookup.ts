import type { DescService, FileRegistry } from '@bufbuild/protobuf';
import type { Metadata } from '@grpc/grpc-js';
import { type DescriptorSource, protosetSource, unknownService } from '../../client/descriptors.js';
import { connectHub, type HubConnection } from '../../client/hub-connection.js';
import { findHub } from '../../client/hub-target.js';
import { parseMetadata } from '../../client/metadata.js';
import { reflectionSource } from '../../client/reflection-source.js';
import { PosternError } from '../../errors.js';
import { sourceFromFiles } from '../descriptor-source.js';
import { hubChoiceOf } from '../hub-choice.js';
import type { Invocation } from '../invocation.js';
import { connectTimeoutOf } from '../with-hub.js';
import { servicesCalled } from './names.js';

/** A service, and where its description is from. */
export interface FoundService {
  readonly service: DescService;
  readonly registry: FileRegistry;
  readonly source: DescriptorSource;
}

/** A place that answers calls: a node's name, or undefined for the hub. */
export type Place = string | undefined;

/** What services there are, at the hub and at nodes. */
export interface Lookup {
  readonly connection: HubConnection;
  /** Unix time in milliseconds. */
  readonly deadlineMs: number;
  /** The types were given in files: they are the same for every place. */
  readonly fromFiles: boolean;
  /** Metadata that brings a call to a place. */
  metadata(place: Place): Metadata;
  /** Where the types of a place come from; the same each time. */
  source(place: Place): DescriptorSource;
  /** Full names of a place's services. */
  services(place: Place): Promise<readonly string[]>;
  /** What the hub itself says that it serves, whatever files there are; undefined where it does not say. */
  hubServices(): Promise<readonly string[] | undefined>;
}

/** Connects to the hub that the options name, and looks up there until `use` is over. */
export async function withLookup<T>(
  invocation: Invocation,
  deadlineMs: number,
  use: (lookup: Lookup) => Promise<T>,
): Promise<T> {
  const files = invocation.options.has('proto') ? await sourceFromFiles(invocation) : undefined;
  const { options } = invocation;
  const headers = await parseMetadata(options.has('header') ? options.list('header') : []);
  const { choice, token } = await choiceOf(invocation);
  const connection = await connectHub(await findHub(choice), connectTimeoutOf(invocation));
  const sources = new Map<Place, DescriptorSource>();
  const metadata = (place: Place): Metadata => {
    const made = connection.metadata(place);
    if (token !== undefined) made.set('authorization', token);
    return made;
  };
  const reflected = (place: Place): DescriptorSource => {
    const known = sources.get(place);
    if (known !== undefined) return known;
    const asked = metadata(place);
    asked.merge(headers);
    const made = reflectionSource(connection.client, asked, deadlineMs);
    sources.set(place, made);
    return made;
  };
  const source = (place: Place): DescriptorSource => files ?? reflected(place);
  try {
    return await use({
      connection,
      deadlineMs,
      fromFiles: files !== undefined,
      metadata,
      source,
      services: (place) => source(place).services(),
      hubServices: () => reflected(undefined).services().catch(whereMissing),
    });
  } finally {
    for (const one of sources.values()) one.close();
    connection.close();
  }
}

function whereMissing(thrown: unknown): undefined {
  if (!(thrown instanceof PosternError) || thrown.code !== 'REFLECTION_MISSING') throw thrown;
}

/** The hub that was chosen; a token of another type than Bearer is not for it, and stands in `authorization`. */
async function choiceOf(invocation: Invocation) {
  const choice = await hubChoiceOf(invocation);
  const { options } = invocation;
  const type = options.has('token-type') ? (options.text('token-type') ?? '') : 'Bearer';
  if (/^bearer$/i.test(type) || choice.token === undefined) return { choice, token: undefined };
  return { choice: { ...choice, token: undefined }, token: `${type} ${choice.token}` };
}

/** The contracts that Postern itself knows, for nodes that do not describe what they serve. */
function knownContracts(): Promise<DescriptorSource> {
  return protosetSource([new URL('../../gen/descriptors.binpb', import.meta.url)]);
}

/** Where a node offers no reflection, it may serve a known contract: there is nothing that it names. */
function orNothing(thrown: unknown): readonly string[] {
  if (!(thrown instanceof PosternError) || thrown.code !== 'REFLECTION_MISSING') throw thrown;
  return [];
}

/**
 * The service that a word means at a place; undefined when it has none. A node's may be one that only Postern describes:
 * what an agent serves by itself beside its servers, or a server without reflection. Throws `SERVICE_AMBIGUOUS` (exit status 2) with
 * the candidates, and `SERVICE_UNKNOWN` for one that is listed and not described.
 */
export async function findService(
  lookup: Lookup,
  place: Place,
  word: string,
): Promise<FoundService | undefined> {
  const source = lookup.source(place);
  const ofNode = place !== undefined && !lookup.fromFiles;
  const names = ofNode ? await source.services().catch(orNothing) : await source.services();
  const found = await named(source, word, names);
  if (found !== undefined || !ofNode) return found;
  const known = await knownService(word);
  // Who offers no reflection is told of, unless the contract is known.
  if (known === undefined && names.length === 0) await source.services();
  return known;
}

/** A service that Postern can describe although who serves it may not. */
export async function knownService(word: string): Promise<FoundService | undefined> {
  const source = await knownContracts();
  return named(source, word, await knownServices(source));
}

/** Full names of such services: those that programs of before serve, and agents by themselves. */
export async function knownServices(from?: DescriptorSource): Promise<readonly string[]> {
  const names = await (from ?? (await knownContracts())).services();
  return names.filter((name) => name.startsWith('external.'));
}

async function named(
  source: DescriptorSource,
  word: string,
  names: readonly string[],
): Promise<FoundService | undefined> {
  const [name, ...more] = servicesCalled(word, names);
  if (name === undefined) return undefined;
  if (more.length > 0) {
    throw new PosternError('SERVICE_AMBIGUOUS', `'${word}' may be ${[name, ...more].join(' or ')}`, {
      hint: `write it in full: postern ${name} …`,
      exitCode: 2,
    });
  }
  const registry = await source.find(name);
  const service = registry?.getService(name);
  if (registry === undefined || service === undefined) throw await unknownService(source, name);
  return { service, registry, source };
}
