import type { Clocks } from './clocks.js';
import type { ActedFault } from './faults.js';
import type { RunFacts } from './judgement.js';
import type { Layout } from './layout.js';
import type { Messages } from './messages.js';
import type { Receipts } from './receipts.js';
import type { Strays } from './strays.js';
import type { Texts } from './texts.js';
import type { Witness } from './witness.js';

/** All that the records of a run say, in as little room as it takes. */
export interface Evidence {
  readonly facts: RunFacts;
  readonly layout: Layout;
  readonly messages: Messages;
  readonly receipts: Receipts;
  readonly strays: Strays;
  readonly texts: Texts;
  readonly clocks: Clocks;
  readonly faults: readonly ActedFault[];
  /** By lane: what the member wrote of the test. */
  readonly witnesses: readonly Witness[];
  /** By receipt: by how much it came behind its turn; 0: it did not. */
  readonly displaced: Uint32Array;
}
