import type { RawMetadata } from '../../rpc/call.js';
import { getMetadata, withoutMetadata } from '../../rpc/metadata.js';
import type { Destination } from './destination.js';

/** Metadata that name the node, the first that is there decides. */
const keys = ['x-postern-node', 'name'] as const;

/** A node that a call names itself. */
export type NamedNode = Extract<Destination, { kind: 'node' }>;

/** The node that metadata `x-postern-node`, else `name`, names; undefined: none. */
export function namedNode(metadata: RawMetadata): NamedNode | undefined {
  for (const key of keys) {
    const node = getMetadata(metadata, key);
    if (node !== undefined) return { kind: 'node', node, metadata: withoutMetadata(metadata, key) };
  }
  return undefined;
}
