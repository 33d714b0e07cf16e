import { z } from 'zod';
import { type Identity, roles } from '../auth/identity.js';
import type { RawMetadata } from '../rpc/call.js';

/** Names with which the front door tells the hub's own services who calls; nobody else may use them. */
const names = {
  caller: 'x-postern-caller',
  roles: 'x-postern-roles',
  nodes: 'x-postern-nodes',
} as const;
const ours: readonly string[] = Object.values(names);

/** What the hub's own services know of who calls. */
export type Caller = Pick<Identity, 'subject' | 'roles' | 'nodes'>;

/** The metadata without anything that looks as if the front door had said it; the same object when nothing did. */
export function withoutCaller(metadata: RawMetadata): RawMetadata {
  let clean = true;
  for (let i = 0; i < metadata.length; i += 2) {
    if (ours.includes(metadata[i] ?? '')) clean = false;
  }
  if (clean) return metadata;
  const rest: string[] = [];
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    if (!ours.includes(name)) rest.push(name, metadata[i + 1] ?? '');
  }
  return rest;
}

/** The metadata with the caller's identity. */
export function withCaller(metadata: RawMetadata, identity: Identity): RawMetadata {
  const added = [
    ...metadata,
    names.caller,
    encodeURIComponent(identity.subject),
    names.roles,
    identity.roles.join(','),
  ];
  if (identity.nodes !== undefined) added.push(names.nodes, identity.nodes.join(','));
  return added;
}

const role = z.enum(roles);

/** Who calls, as the front door has said; undefined when it has not. `get` gives the first value of a name. */
export function readCaller(get: (name: string) => string | undefined): Caller | undefined {
  const subject = get(names.caller);
  const held = z.array(role).safeParse(get(names.roles)?.split(','));
  if (subject === undefined || !held.success) return undefined;
  const nodes = get(names.nodes);
  return {
    subject: decodeURIComponent(subject),
    roles: held.data,
    // An empty list names no node at all.
    nodes: nodes === undefined ? undefined : nodes.split(',').filter((glob) => glob !== ''),
  };
}
