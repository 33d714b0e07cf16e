import { shelfBucket, shelfStream } from './shelf.js';
import { grantedSubject, patternParts } from './subject-pattern.js';
import {
  type BusRole,
  busRoles,
  type Grant,
  type StoreDeclaration,
  type SubjectDeclaration,
  stores,
  subjects,
} from './subjects.js';

/** Whose a connection to the bus is: its role, its public nkey and, for an agent, its node. */
export type BusIdentity =
  | { readonly role: 'agent'; readonly node: string; readonly publicKey: string }
  | { readonly role: Exclude<BusRole, 'agent'>; readonly publicKey: string };

/** The subjects that a credential allows, wildcards included. There are only allow lists; what is not listed is refused. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Every declared subject, without its type parameters. */
export const declaredSubjects: readonly SubjectDeclaration<string, unknown, unknown>[] =
  Object.values(subjects);

const declaredStores: readonly StoreDeclaration<unknown>[] = Object.values(stores);

/** The stream that holds a bucket. */
export function bucketStream(bucket: string): string {
  return `KV_${bucket}`;
}

/**
 * Where the answers to somebody's requests arrive: below it lies `_INBOX.…` of this identity alone, so that nobody
 * else can read them, nor point another's answers at it.
 */
export function inboxPrefixOf(identity: BusIdentity): string {
  return identity.role === 'agent'
    ? `_INBOX.agent.${identity.node}.${identity.publicKey}`
    : `_INBOX.${identity.role}.${identity.publicKey}`;
}

/** What the credential of `identity` allows, made from the declarations in subjects.ts. */
export function permissionsOf(identity: BusIdentity): Permissions {
  const { role } = identity;
  const publish = granted(identity, (declaration) => declaration.publish[role]);
  const subscribe = [`${inboxPrefixOf(identity)}.>`];
  if (role === 'watcher' || role === 'tracer') subscribe.push(...watchedSubjects(role));
  else if (role === 'hub') subscribe.push(...hubSubjects(identity));
  else subscribe.push(...granted(identity, (declaration) => declaration.subscribe[role]));
  if (role === 'hub') publish.push(...askers().map((asker) => `_INBOX.${asker}.>`), ...hubStorage());
  if (role === 'controller') publish.push(...bucketAccess(bucketsOf(role)));
  // They answer one another, and nobody else.
  if (role === 'accounts') publish.push('_INBOX.accounts.>', ...bucketOwnership(bucketsOf(role)));
  return { publish, subscribe };
}

function granted(
  identity: BusIdentity,
  grantOf: (declaration: (typeof declaredSubjects)[number]) => Grant | undefined,
): string[] {
  const self = {
    key: identity.publicKey,
    ...(identity.role === 'agent' ? { node: identity.node } : {}),
  };
  return declaredSubjects.flatMap((declaration) => {
    const grant = grantOf(declaration);
    return grant === undefined ? [] : [grantedSubject(declaration.pattern, grant, self)];
  });
}

/**
 * What somebody who looks on may hear, as few wildcards as can be: `postern.>` when the role may hear everything, else
 * `postern.<area>.>` for each area that is wholly open to it. A server compares a wildcard subscription with these
 * literally, so the subjects of the documentation must be listed like this and not one by one.
 */
export function watchedSubjects(role: BusRole): string[] {
  const closed = new Set<string>();
  const areas = new Set<string>();
  const single: string[] = [];
  for (const declaration of declaredSubjects) {
    const area = patternParts(declaration.pattern)[1]?.text ?? '';
    areas.add(area);
    if (declaration.subscribe[role] !== true) closed.add(area);
  }
  if (closed.size === 0) return ['postern.>'];
  for (const declaration of declaredSubjects) {
    const area = patternParts(declaration.pattern)[1]?.text ?? '';
    if (declaration.subscribe[role] === true && closed.has(area)) {
      single.push(grantedSubject(declaration.pattern, true, {}));
    }
  }
  return [...[...areas].filter((area) => !closed.has(area)).map((area) => `postern.${area}.>`), ...single];
}

/** What a hub may hear, by few wildcards: one by one they would make its credentials longer than a server takes. */
function hubSubjects(identity: BusIdentity): string[] {
  const narrow = granted(identity, ({ subscribe: { hub } }) => (hub === true ? undefined : hub));
  return [...watchedSubjects('hub'), ...narrow];
}

/** The roles that ask hubs something. */
function askers(): BusRole[] {
  const roles = declaredSubjects
    .filter(({ answer, subscribe }) => answer !== undefined && subscribe.hub !== undefined)
    .flatMap((declaration) => Object.keys(declaration.publish));
  return busRoles.filter((role) => roles.includes(role));
}

/** The buckets that a role opens. */
function bucketsOf(role: BusRole): string[] {
  return declaredStores.flatMap(({ bucket, users }) => (users.includes(role) ? [bucket] : []));
}

/** The buckets that it reads besides. */
function readableBuckets(role: BusRole): string[] {
  return declaredStores.flatMap(({ bucket, readers }) => (readers?.includes(role) ? [bucket] : []));
}

/**
 * What a hub needs of JetStream: making our own streams and buckets, writing to its buckets alone and reading all streams of the
 * account, which is ours alone. No delete, no restore of a stream, and a purge of that one alone whose files are removed one
 * by one.
 *
 * Controllers and account services get the same for their own buckets. Nobody else gets any right to ask JetStream, not even
 * to read: who asks names the subject of the answer, and the server does not check that the asker may publish there. So a right to read one
 * stream is a right to have its messages written anywhere, into the registry's buckets too.
 */
function hubStorage(): string[] {
  const buckets = bucketsOf('hub');
  const kept = declaredSubjects.flatMap((declaration) => declaration.keep?.stream ?? []);
  const opened = [...buckets, ...readableBuckets('hub')];
  const streams = [...new Set([...kept, ...opened.map(bucketStream)])];
  return [
    '$JS.API.INFO',
    '$JS.FC.>',
    ...buckets.map((bucket) => `$KV.${bucket}.>`),
    ...streams.map((stream) => `$JS.API.STREAM.CREATE.${stream}`),
    `$O.${shelfBucket}.>`,
    `$JS.API.STREAM.CREATE.${shelfStream}`,
    `$JS.API.STREAM.PURGE.${shelfStream}`,
    // Not stream by stream: a server takes no credentials that make its CONNECT line longer than 4 KiB.
    '$JS.API.STREAM.UPDATE.*',
    '$JS.API.STREAM.INFO.*',
    '$JS.API.STREAM.MSG.GET.*',
    '$JS.API.DIRECT.GET.*',
    '$JS.API.CONSUMER.CREATE.*.>',
    '$JS.API.CONSUMER.DELETE.*.*',
  ];
}

/** Making buckets, writing to them and reading them, and nothing else of JetStream. */
function bucketAccess(buckets: readonly string[]): string[] {
  const ofStream = (stream: string) => [
    `$JS.API.STREAM.CREATE.${stream}`,
    `$JS.API.STREAM.UPDATE.${stream}`,
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
  ];
  return [
    '$JS.API.INFO',
    '$JS.FC.>',
    ...buckets.map((bucket) => `$KV.${bucket}.>`),
    ...buckets.map(bucketStream).flatMap(ofStream),
  ];
}

/**
 * All that JetStream does with these buckets, purging them too: what is removed of people shall not stay in the history of a
 * bucket. By few wildcards: one by one they would make the credentials longer than a server takes.
 */
function bucketOwnership(buckets: readonly string[]): string[] {
  return [
    '$JS.API.INFO',
    '$JS.FC.>',
    ...buckets.flatMap((bucket) => [
      `$KV.${bucket}.>`,
      `$JS.API.STREAM.*.${bucketStream(bucket)}`,
      `$JS.API.STREAM.MSG.GET.${bucketStream(bucket)}`,
      `$JS.API.CONSUMER.*.${bucketStream(bucket)}.>`,
    ]),
  ];
}
