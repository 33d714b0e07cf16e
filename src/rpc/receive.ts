import { errorText } from '../errors.js';
import { Reset, Sync } from '../gen/postern/bus/v1/frame.js';
import { MalformedBody } from './body-reader.js';
import type { CallReset } from './call.js';
import type { CallEnd } from './call-end.js';
import { CalleeCall } from './callee-call.js';
import { type FrameCursor, frameFlag, frameKind } from './frame.js';
import type { Peer } from './peer.js';
import { broken, exhausted, fitReset, lostOnBus, unavailable } from './resets.js';
import { applySync } from './sync.js';

/**
 * Takes one frame of a peer that is known. Never throws: what does not decode, does not fit, or makes our side throw
 * ends its own call, at both ends.
 */
export function receiveFrame(peer: Peer, cursor: FrameCursor): void {
  peer.activeTick = peer.state.tick;
  peer.heardTick = peer.state.tick;
  if (cursor.malformed) {
    badFrame(peer, cursor, broken('a frame header is malformed'));
    return;
  }
  try {
    dispatch(peer, cursor);
  } catch (thrown) {
    if (thrown instanceof MalformedBody) {
      badFrame(peer, cursor, broken(`a frame does not decode: ${thrown.message}`));
      return;
    }
    peer.state.log.error({ peer: peer.address.name }, `a call failed: ${errorText(thrown)}`);
    callOf(peer, cursor)?.fail(broken('an internal error ended the call'), true);
  }
}

function dispatch(peer: Peer, cursor: FrameCursor): void {
  const { kind, id } = cursor;
  if (kind === frameKind.open) {
    openCall(peer, cursor);
    return;
  }
  if (kind === frameKind.sync) {
    peer.unanswered = false;
    const sync = decodeSync(cursor);
    applySync(peer, sync);
    if (sync.answer) peer.sync(false);
    return;
  }
  if (kind === frameKind.credit && id === 0) {
    peer.credited(cursor.offset);
    return;
  }
  const call = callOf(peer, cursor);
  if (call !== undefined) call.heard = true;
  switch (kind) {
    case frameKind.data:
      receiveData(peer, cursor, call);
      return;
    case frameKind.credit:
      call?.credited(cursor.offset);
      break;
    case frameKind.reset:
      call?.fail(decodeReset(cursor), false);
      break;
    case frameKind.head:
      refuse(peer, cursor, peer.made.get(id)?.heardHead(readMetadata(peer, cursor)));
      break;
    case frameKind.trailers: {
      const headed = (cursor.flags & frameFlag.headed) !== 0;
      const metadata = peer.state.reader.trailers(cursor.message, cursor.bodyStart, cursor.bodyEnd);
      refuse(peer, cursor, peer.made.get(id)?.heardTrailers(metadata, cursor.offset, headed));
      break;
    }
    default:
  }
  if (call === undefined) unknownCall(peer, cursor);
}

/** The call that a frame is about. */
function callOf(peer: Peer, cursor: FrameCursor): CallEnd | undefined {
  return cursor.fromCaller ? peer.served.get(cursor.id) : peer.made.get(cursor.id);
}

function openCall(peer: Peer, cursor: FrameCursor): void {
  const { id } = cursor;
  const { state } = peer;
  peer.greet();
  if (peer.served.has(id)) {
    badFrame(peer, cursor, broken('OPEN came twice'));
    return;
  }
  peer.lastOpenSeen = id;
  const open = state.reader.open(cursor.message, cursor.bodyStart, cursor.bodyEnd);
  const { target } = state;
  if (target === undefined || !state.accepting) {
    peer.reset(id, 0, unavailable('no new calls are taken here', true));
  } else if (peer.calls >= peer.mostCalls) {
    peer.reset(id, 0, exhausted(`${peer.calls} calls are open already`));
  } else {
    const call = new CalleeCall(peer, id, open);
    peer.serve(call);
    call.start(open, target);
  }
}

function receiveData(peer: Peer, cursor: FrameCursor, call: CallEnd | undefined): void {
  const bytes = cursor.bodyEnd - cursor.bodyStart;
  const ended = (cursor.flags & frameFlag.end) !== 0;
  const granted = peer.inbound.accepts(bytes);
  peer.inbound.received += bytes;
  const fault = granted
    ? call?.admit(cursor.offset, bytes, ended)
    : broken('more bytes than was granted to all calls together');
  if (call === undefined || fault !== undefined) {
    peer.giveBack(bytes, false);
    if (call === undefined) unknownCall(peer, cursor);
    else refuse(peer, cursor, fault);
    return;
  }
  call.arrived(bytes);
  call.heardData(cursor.keptBody(), ended);
}

/** Ends the call of a frame that does not fit, where something is wrong with it. */
function refuse(peer: Peer, cursor: FrameCursor, fault: CallReset | undefined): void {
  if (fault === undefined) return;
  if (fault === lostOnBus) callOf(peer, cursor)?.fail(fault, true);
  else badFrame(peer, cursor, fault);
}

/** A frame that does not decode or does not fit its sender: its call is over at both ends, and it is counted. */
function badFrame(peer: Peer, cursor: FrameCursor, reset: CallReset): void {
  const { state, address } = peer;
  state.stats.framesBad++;
  state.log.debug({ peer: address.name, kind: cursor.kind, call: cursor.id }, reset.message);
  const call = callOf(peer, cursor);
  if (call !== undefined) call.fail(reset, true);
  else answerReset(peer, cursor, reset);
}

/** A frame of a call that is not known: the sender is told where it may still hold the call for open. */
function unknownCall(peer: Peer, cursor: FrameCursor): void {
  peer.state.stats.framesUnknown++;
  const { kind } = cursor;
  if (kind !== frameKind.data && kind !== frameKind.head && kind !== frameKind.accept) return;
  const refused = cursor.fromCaller && peer.neverSeen(cursor.id);
  answerReset(peer, cursor, unavailable('the call is not known here', refused));
}

function answerReset(peer: Peer, cursor: FrameCursor, reset: CallReset): void {
  if (cursor.kind === frameKind.reset || cursor.id === 0 || !peer.state.mayReset()) return;
  peer.reset(cursor.id, cursor.fromCaller ? 0 : frameFlag.fromCaller, reset);
}

function readMetadata(peer: Peer, cursor: FrameCursor): readonly string[] {
  return peer.state.reader.metadata(cursor.message, cursor.bodyStart, cursor.bodyEnd);
}

/** The body of a RESET frame. Throws `MalformedBody`. */
function decodeReset(cursor: FrameCursor): CallReset {
  return fitReset(decoded(() => Reset.decode(cursor.body())));
}

/** The body of a SYNC frame. Throws `MalformedBody`. */
export function decodeSync(cursor: FrameCursor): Sync {
  return decoded(() => Sync.decode(cursor.body()));
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (thrown) {
    throw new MalformedBody(errorText(thrown));
  }
}
