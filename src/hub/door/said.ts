import { type TakenToken, takeToken } from '../../auth/bearer.js';
import type { RawMetadata } from '../../rpc/call.js';
import { withoutCaller } from '../caller-metadata.js';
import { withoutIdentity } from './identity-headers.js';
import { type NamedNode, namedNode } from './named-node.js';

/**
 * What the metadata of a call says to the hub, each thing read when it is asked for and kept: clients say the same in
 * all calls of a connection.
 */
export class Said {
  readonly metadata: RawMetadata;
  /** The node that is named; undefined: the call has to be routed. */
  readonly node: NamedNode | undefined;
  #taken: TakenToken | undefined;
  /** What `#cleaned` was made of. */
  #uncleaned: RawMetadata | undefined;
  #cleaned: RawMetadata = [];

  constructor(metadata: RawMetadata) {
    this.metadata = metadata;
    this.node = namedNode(metadata);
  }

  /** The metadata without the name of a node. */
  get rest(): RawMetadata {
    return this.node?.metadata ?? this.metadata;
  }

  /** As `takeToken` has it, of `rest`. */
  taken(isOurs: (token: string) => boolean): TakenToken {
    if (this.#taken !== undefined) return this.#taken;
    let asked = false;
    const taken = takeToken(this.rest, (token) => {
      asked = true;
      return isOurs(token);
    });
    // What is a token of ours may be known later: such metadata is looked at each time.
    if (!asked) this.#taken = taken;
    return taken;
  }

  /** Metadata without its token, and without what only the hub may say. */
  cleaned(rest: RawMetadata): RawMetadata {
    if (rest !== this.#uncleaned) {
      this.#uncleaned = rest;
      this.#cleaned = withoutIdentity(withoutCaller(rest));
    }
    return this.#cleaned;
  }
}
