import { nearest } from '../../client/nearest.js';
import { PosternError } from '../../errors.js';
import type { Node } from '../../gen/postern/v1/nodes.js';
import { listNodes } from '../commands/nodes.js';
import { hubName } from '../descriptor-source.js';
import { type FoundService, findService, knownService, type Lookup, type Place } from './lookup.js';
import { servicesCalled, serviceWord } from './names.js';
import { commandWords, nearCommand } from './service-line.js';

/** Most nodes that are asked for their services. */
const mostAsked = 32;

/** So long one of several nodes may take to tell its services, in milliseconds. */
const askedMs = 5_000;

/** A service at the place that a line means. */
export type PlacedService = FoundService & { readonly place: Place };

/**
 * The service of a call: at the node that is named; else the hub's; else that of the only node there is. Throws
 * `SERVICE_UNKNOWN`, `NODE_MISSING` (exit status 2) with what there is.
 */
export async function serviceToCall(
  lookup: Lookup,
  word: string,
  node: string | undefined,
): Promise<PlacedService> {
  if (node !== undefined) {
    const place = node === hubName ? undefined : node;
    const found = await findService(lookup, place, word);
    if (found !== undefined) return { ...found, place };
    throw await unknown(lookup, word, place);
  }
  if (await isOfHub(lookup, word)) {
    const found = await findService(lookup, undefined, word);
    if (found !== undefined) return { ...found, place: undefined };
  }
  const place = await onlyNode(lookup, word);
  const found = await findService(lookup, place, word);
  if (found !== undefined) return { ...found, place };
  throw serviceUnknown(
    `'${word}' is no command, and no service of the hub or of its only node '${place}'`,
    word,
    await lookup.services(place),
  );
}

/** True when a service of this name is the hub's own; or that of a plain server in its place, which tells nothing. */
async function isOfHub(lookup: Lookup, word: string): Promise<boolean> {
  const names = await lookup.hubServices();
  return names === undefined || servicesCalled(word, names).length > 0;
}

/** The only node there is. */
async function onlyNode(lookup: Lookup, word: string): Promise<string> {
  const nodes = await nodesThere(lookup);
  const [first, ...more] = nodes;
  if (first !== undefined && more.length === 0) return first.name;
  const meant = meantCommand(word);
  if (first === undefined) {
    throw new PosternError(
      'SERVICE_UNKNOWN',
      `'${word}' is no command and no service of the hub, and no node has joined${meant}`,
      { hint: offered(word, await lookup.services(undefined)), exitCode: 2 },
    );
  }
  const names = nodes
    .map(({ name, state, tags }) => (tags.includes('away') ? `${name} (${state})` : name))
    .join(', ');
  throw new PosternError(
    'NODE_MISSING',
    `'${word}' is no command and no service of the hub; of the nodes, say which: ${names}${meant}`,
    { hint: `postern ${word} METHOD NODE`, exitCode: 2 },
  );
}

/** Every node that was not cut off. One that is away counts too: a call must not go to another in its stead. */
async function nodesThere({ connection }: Lookup): Promise<Node[]> {
  return (await listNodes(connection, '')).filter(({ state }) => state !== 'revoked');
}

/** A service wherever it is, and who has it. */
export interface OfferedService extends FoundService {
  readonly by: readonly Place[];
}

/**
 * The service at the node that is named, else at the hub, else at any node that is connected. Throws `SERVICE_UNKNOWN`
 * (exit status 2) with what there is.
 */
export async function serviceAnywhere(
  lookup: Lookup,
  word: string,
  node: string | undefined,
): Promise<OfferedService> {
  if (node !== undefined || lookup.fromFiles) {
    const place = node === hubName ? undefined : node;
    const found = await findService(lookup, place, word);
    if (found === undefined) throw await unknown(lookup, word, place);
    return { ...found, by: lookup.fromFiles ? [] : [place] };
  }
  const all = await servicesEverywhere(lookup);
  const by = [...all].filter(([, names]) => servicesCalled(word, names).length > 0).map(([place]) => place);
  for (const place of by) {
    const found = await findService(lookup, place, word);
    if (found !== undefined) return { ...found, by };
  }
  const known = await knownService(word);
  if (known !== undefined) return { ...known, by };
  throw serviceUnknown(
    `'${word}' is no command, and no service of the hub or of a node that answers`,
    word,
    [...all.values()].flat(),
  );
}

/** The services of the hub and of every node that is connected and answers within `ms`, by place. */
export async function servicesEverywhere(
  lookup: Lookup,
  ms = askedMs,
): Promise<Map<Place, readonly string[]>> {
  const all = new Map<Place, readonly string[]>([[undefined, await lookup.services(undefined)]]);
  const nodes = (await nodesThere(lookup).catch(() => []))
    .filter(({ state }) => state.startsWith('connected'))
    .slice(0, mostAsked);
  await Promise.all(
    nodes.map(async ({ name }) => {
      const services = await within(lookup.services(name), ms).catch(() => undefined);
      if (services !== undefined) all.set(name, services);
    }),
  );
  return all;
}

/** The value, or undefined when it takes longer. */
async function within<T>(value: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function unknown(lookup: Lookup, word: string, place: Place): Promise<PosternError> {
  const who = place === undefined ? 'the hub' : `node '${place}'`;
  return serviceUnknown(`${who} has no service '${word}'`, word, await lookup.services(place));
}

function serviceUnknown(message: string, word: string, names: readonly string[]): PosternError {
  return new PosternError('SERVICE_UNKNOWN', `${message}${meantCommand(word)}`, {
    hint: offered(word, names),
    exitCode: 2,
  });
}

/** What is told of a word that may be a slip of a command. */
export function meantCommand(word: string): string {
  const near = commandWords.includes(word) ? undefined : nearCommand(word);
  return near === undefined ? '' : `; did you mean the command ${near}?`;
}

/** The words of services, the ones most like `word` first. */
function offered(word: string, names: readonly string[]): string {
  if (names.length === 0) return 'there are no services at all';
  return `there is ${nearest(word, [...new Set(names.map(serviceWord))]).join(', ')}`;
}
