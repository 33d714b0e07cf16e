import { z } from 'zod';
import { type Identity, roles } from '../auth/identity.js';
import { limitsClaim } from '../auth/limits.js';
import type { RawMetadata } from '../rpc/call.js';

/** Under which name the front door tells the hub's own services who calls; nobody else may use it. */
const callerName = 'x-postern-caller';
/** Names that nobody outside may use; the last two are kept for releases that tell less in one value. */
const reserved: readonly string[] = [callerName, 'x-postern-roles', 'x-postern-nodes'];

/** What the hub's own services know of who calls. */
export type Caller = Pick<
  Identity,
  'subject' | 'tokenId' | 'expiresAtMs' | 'session' | 'roles' | 'nodes' | 'methods' | 'limits'
>;

/** The metadata without anything that looks as if the front door had said it; the same object when nothing did. */
export function withoutCaller(metadata: RawMetadata): RawMetadata {
  let clean = true;
  for (let i = 0; i < metadata.length; i += 2) {
    if (reserved.includes(metadata[i] ?? '')) clean = false;
  }
  if (clean) return metadata;
  const rest: string[] = [];
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    if (!reserved.includes(name)) rest.push(name, metadata[i + 1] ?? '');
  }
  return rest;
}

/** The metadata with the caller's identity. */
export function withCaller(metadata: RawMetadata, identity: Identity): RawMetadata {
  const { subject, tokenId, expiresAtMs, session, roles: held, nodes, methods, limits } = identity;
  const told: Caller = { subject, tokenId, expiresAtMs, session, roles: held, nodes, methods, limits };
  return [...metadata, callerName, Buffer.from(JSON.stringify(told)).toString('base64url')];
}

const caller = z.strictObject({
  subject: z.string(),
  tokenId: z.string(),
  expiresAtMs: z.number(),
  session: z.object({ session: z.string(), account: z.string(), beganMs: z.number() }).optional(),
  roles: z.array(z.enum(roles)),
  // An empty list names none at all.
  nodes: z.array(z.string()).optional(),
  methods: z.array(z.string()).optional(),
  limits: limitsClaim,
});

/** Who calls, as the front door has said; undefined when it has not. `get` gives the first value of a name. */
export function readCaller(get: (name: string) => string | undefined): Caller | undefined {
  const told = get(callerName);
  if (told === undefined) return undefined;
  const read = caller.safeParse(JSON.parse(Buffer.from(told, 'base64url').toString('utf8')));
  return read.success ? read.data : undefined;
}
