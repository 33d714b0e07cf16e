import type { Finding } from './finding.js';
import type { Fate } from './messages.js';

/**
 * How far messages came that did not come as they should, by message and receiver; docs/checking.md tells which is where. With
 * `arrived`, these are all that the plan has for the receiver.
 */
export interface Layers {
  /** It came while it was listened for, and was there in the end. */
  readonly arrived: number;
  /** Its sender's daemon was never given it. */
  readonly notSent: number;
  /** The sender's daemon refused it. */
  readonly refused: number;
  /** The sender's daemon was given it and did not refuse it, and did not have it itself in the end; nor had anybody else. */
  readonly unkept: number;
  /** The sender's daemon had it in the end, and nobody else. */
  readonly unsent: number;
  /** The sender's daemon took it, and in the end nobody else had it; nobody read whether it had it itself. */
  readonly presumed: number;
  /** Somebody else had it in the end, this receiver had not. */
  readonly undelivered: number;
  /** The receiver's daemon had it in the end; the agent beside it had not been told of it. */
  readonly uncollected: number;
  /** Nobody can say. */
  readonly unclear: number;
}

/** Where a message stayed. */
export type Layer = Exclude<keyof Layers, 'arrived'>;

/** Counts of layers that are being counted. */
export type LayerTally = { -readonly [Name in keyof Layers]: Layers[Name] };

export function newLayers(): LayerTally {
  return {
    arrived: 0,
    notSent: 0,
    refused: 0,
    unkept: 0,
    unsent: 0,
    presumed: 0,
    undelivered: 0,
    uncollected: 0,
    unclear: 0,
  };
}

export function addLayers(to: LayerTally, from: Layers): void {
  to.arrived += from.arrived;
  to.notSent += from.notSent;
  to.refused += from.refused;
  to.unkept += from.unkept;
  to.unsent += from.unsent;
  to.presumed += from.presumed;
  to.undelivered += from.undelivered;
  to.uncollected += from.uncollected;
  to.unclear += from.unclear;
}

/** Adds those that arrived, of those that records tell of, and those that none tells of, so that all are there that were planned. */
export function fillUp(
  to: LayerTally,
  all: { readonly told: number; readonly scheduled: number; readonly untold: 'notSent' | 'unclear' },
): void {
  const { notSent, refused, unkept, unsent, presumed, undelivered, uncollected, unclear } = to;
  const strayed = notSent + refused + unkept + unsent + presumed + undelivered + uncollected + unclear;
  to.arrived = all.told - strayed;
  to[all.untold] += all.scheduled - all.told;
}

/** Whether its sender's own daemon had a message in the end; `untold`: nobody read that, or it was read before it was sent. */
export type OwnEnd = 'kept' | 'gone' | 'untold';

/** What is known of a receiver, whichever message it is about. */
export interface LayerMember {
  /** All that it did is known. */
  readonly isIntact: boolean;
}

/** What became of the send. */
export interface LayerSend {
  readonly fate: Fate;
  /** It was tried, as far as records tell. */
  readonly isTried: boolean;
  /** Its daemon was given it, as far as records tell. */
  readonly wasOffered: boolean;
  readonly own: OwnEnd;
  /** Place of its sender among the members. */
  readonly from: number;
}

/** Puts a message that was judged into one layer at each receiver: see `Finding.layer`. */
export function layOut(send: LayerSend, findings: readonly Finding[], members: readonly LayerMember[]): void {
  const { from } = send;
  if (isAllWell(findings, from)) return;
  const others = { there: 0, unread: 0 };
  for (const [place, finding] of findings.entries()) {
    if (place === from) continue;
    if (isThere(finding)) others.there++;
    else if (!finding.hasCome && !finding.isAbsent) others.unread++;
  }
  for (const [place, finding] of findings.entries()) {
    if (place === from) continue;
    if (isThere(finding)) {
      // Where records are missing, it may have been told before.
      finding.layer = finding.wasReadOnly && members[place]?.isIntact ? 'uncollected' : 'arrived';
    } else if (!send.isTried) {
      finding.layer = send.fate === 'skipped' || members[from]?.isIntact ? 'notSent' : 'unclear';
    } else if (send.fate === 'fail' && send.own !== 'kept' && !finding.has('vanished')) {
      finding.layer = send.wasOffered ? 'refused' : 'notSent';
    } else finding.layer = layerOfMissing(send, finding, others);
  }
}

/** Where a message stayed that may have got as far as its sender's daemon, and is not here. */
function layerOfMissing(
  { fate, own }: LayerSend,
  finding: Finding,
  { there, unread }: { readonly there: number; readonly unread: number },
): Layer {
  const isGone = finding.isAbsent || finding.has('vanished');
  if (!isGone) return 'unclear';
  if (there > 0) return 'undelivered';
  if (unread > 0) return 'unclear';
  if (own === 'kept') return 'unsent';
  const wasTaken = fate === 'ok' || finding.has('vanished');
  if (own === 'gone') return wasTaken || fate === 'info' ? 'unkept' : 'unclear';
  return wasTaken ? 'presumed' : 'unclear';
}

/** Whether it came to all as it should: most do, and need no more thought. */
function isAllWell(findings: readonly Finding[], from: number): boolean {
  for (let place = 0; place < findings.length; place++) {
    const finding = findings[place];
    if (place === from || finding === undefined) continue;
    if (!finding.hasCome || finding.wasReadOnly || finding.troubles.size > 0) return false;
  }
  return true;
}

/** It was there as long as somebody looked. */
function isThere(finding: Finding): boolean {
  return finding.hasCome && !finding.has('vanished');
}
