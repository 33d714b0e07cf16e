import { z } from 'zod';
import { coversNode, nodePattern } from '../../auth/node-patterns.js';
import type { NodeEntry } from '../../bus/messages.js';
import { Pace } from './pace.js';
import type { Paces } from './paced-call.js';

/** A node may be held to this at the slowest, in bytes per second. */
const leastBytesPerSecond = 1024;

/** How many bytes some nodes may pass each way. */
export const nodeBandwidthRule = z.strictObject({
  /** Names, `edge-*`, `*`, or labels that join tokens gave: `site=berlin,!gpu`. */
  nodes: z.array(nodePattern).min(1).default(['*']),
  /** Of all calls and forwards of a node together, at this hub, in each direction. */
  bytesPerSecond: z.number().int().min(leastBytesPerSecond).max(Number.MAX_SAFE_INTEGER),
});
export type NodeBandwidthRule = z.infer<typeof nodeBandwidthRule>;

const noLabels = {};

/** Knows how many bytes each node may pass: the first rule that fits counts. */
export class NodeBandwidth {
  readonly #rules: readonly NodeBandwidthRule[];

  constructor(rules: readonly NodeBandwidthRule[]) {
    this.#rules = rules;
  }

  /** Asked for the paces of one node, again and again; `entry` is what the registry holds of it now. */
  pacesOf(entry: () => NodeEntry): () => Paces | undefined {
    let seen: NodeEntry | undefined;
    let rate: number | undefined;
    let paces: Paces | undefined;
    return () => {
      const now = entry();
      if (now === seen) return paces;
      seen = now;
      const allowed = this.#rateOf(now);
      if (allowed !== rate) {
        rate = allowed;
        paces = allowed === undefined ? undefined : { there: new Pace(allowed), back: new Pace(allowed) };
      }
      return paces;
    };
  }

  #rateOf({ name, granted }: NodeEntry): number | undefined {
    return this.#rules.find(({ nodes }) => coversNode(nodes, name, granted ?? noLabels))?.bytesPerSecond;
  }
}
