import { Sync, type SyncCall } from '../gen/postern/bus/v1/frame.js';
import type { CallEnd } from './call-end.js';
import { frameFlag } from './frame.js';
import type { Peer } from './peer.js';
import { broken, lostOnBus, unavailable } from './resets.js';

/** What this process knows of all calls with a peer: the body of a SYNC frame, to be sent at once. */
export function describeCalls(peer: Peer, answer: boolean): Uint8Array {
  const calls: SyncCall[] = [];
  for (const call of peer.made.values()) calls.push(describeCall(call, true, true));
  for (const call of peer.served.values()) calls.push(describeCall(call, false, call.headed));
  return Sync.encode({
    calls,
    lastOpenSeen: peer.lastOpenSeen,
    peerSent: peer.outbound.sent,
    peerGranted: peer.inbound.grant(),
    answer,
  }).finish();
}

function describeCall(call: CallEnd, caller: boolean, head: boolean): SyncCall {
  const { id, outbound, inbound, outboundEnded } = call;
  return { id, caller, sent: outbound.sent, granted: inbound.grant(), head, ended: outboundEnded };
}

/**
 * Compares what a peer knows with what is known here. It was sent after all frames that it tells of, so what is
 * missing now is lost: such calls end at both ends. Lost grants are made good, and so is the peer's window.
 */
export function applySync(peer: Peer, sync: Sync): void {
  reconcileWindow(peer, sync);
  const listed = new Set<CallEnd>();
  for (const told of sync.calls) {
    const call = told.caller ? peer.served.get(told.id) : peer.made.get(told.id);
    if (call === undefined) {
      // A served call that has never been seen here has lost its OPEN, so no server has seen it either.
      const refused = told.caller && peer.neverSeen(told.id);
      peer.reset(told.id, told.caller ? 0 : frameFlag.fromCaller, unavailable(lostOnBus.message, refused));
    } else {
      listed.add(call);
      compare(call, told);
    }
  }
  for (const call of [...peer.served.values()]) {
    if (!listed.has(call)) call.fail(unavailable('the caller has ended the call'), false);
  }
  const { lastOpenSeen } = sync;
  if (lastOpenSeen !== undefined) {
    for (const call of [...peer.made.values()]) {
      // A later call is still on its way.
      if (!listed.has(call) && !isLater(call.id, lastOpenSeen)) call.fail(lostOnBus, false);
    }
  }
}

/** Whether call id `a` was given out after `b`; ids start again after 2^32. */
export function isLater(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

function compare(call: CallEnd, told: SyncCall): void {
  call.heard = true;
  const { received } = call.inbound;
  const headLost = told.head && !told.caller && !call.headed;
  const endLost = told.ended && !call.inboundEnded;
  if (told.sent < received) call.fail(broken('SYNC tells of fewer bytes than have come'), true);
  else if (told.sent > received || headLost || endLost) call.fail(lostOnBus, true);
  else call.credited(told.granted);
}

function reconcileWindow(peer: Peer, sync: Sync): void {
  const { inbound } = peer;
  const lost = sync.peerSent - inbound.received;
  if (lost > 0) {
    inbound.received += lost;
    peer.giveBack(lost, false);
  } else if (lost < 0) {
    // The peer has begun anew, after it had forgotten this process.
    inbound.restart(sync.peerSent);
  }
  peer.credited(sync.peerGranted);
}
