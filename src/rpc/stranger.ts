import { Reset, Sync } from '../gen/postern/bus/v1/frame.js';
import { MalformedBody } from './body-reader.js';
import type { CallReset } from './call.js';
import type { PeerAddress } from './exchange-port.js';
import type { ExchangeState } from './exchange-state.js';
import { type FrameCursor, frameFlag, frameKind } from './frame.js';
import { Outbox } from './outbox.js';
import { decodeSync } from './receive.js';
import { broken, unavailable } from './resets.js';

/**
 * Whether a frame of a process that is not known makes it known: an OPEN that can be served. Everything else is
 * answered without keeping anything, so that late and forged frames cannot fill the memory.
 */
export function isWelcome(state: ExchangeState, cursor: FrameCursor): boolean {
  if (cursor.kind !== frameKind.open || cursor.malformed) return false;
  if (state.target === undefined || !state.accepting || state.stats.peers >= state.limits.peers) return false;
  try {
    state.reader.open(cursor.message, cursor.bodyStart, cursor.bodyEnd);
    return true;
  } catch {
    return false;
  }
}

/** Answers a frame of a process that is not known, so that calls that it holds for open end there. */
export function answerStranger(state: ExchangeState, from: PeerAddress, cursor: FrameCursor): void {
  const { kind, fromCaller, id } = cursor;
  const outbox = new Outbox(from, state);
  const reset = (callId: number, asCallee: boolean, why: CallReset): void => {
    const body = Reset.encode(why).finish();
    outbox.frame(frameKind.reset, asCallee ? 0 : frameFlag.fromCaller, callId, 0, body);
  };
  if (cursor.malformed) state.stats.framesBad++;
  else state.stats.framesUnknown++;
  if (!state.mayReset()) return;
  if (kind === frameKind.sync && !cursor.malformed) {
    const sync = trySync(state, cursor);
    if (sync === undefined) return;
    // What this process counts from when it meets the other for the first time.
    const body = Sync.encode({ ...nothingKnown, peerGranted: state.limits.peerWindowBytes }).finish();
    if (sync.answer) outbox.frame(frameKind.sync, 0, 0, 0, body);
    for (const call of sync.calls) {
      reset(call.id, call.caller, unavailable('the call is not known here'));
      if (!state.mayReset()) break;
    }
  } else if (kind === frameKind.open && id !== 0) {
    const refusal = unavailable('no new calls are taken here', true);
    reset(
      id,
      true,
      cursor.malformed ? broken('a frame header is malformed') : (openFault(state, cursor) ?? refusal),
    );
  } else if ((kind === frameKind.data || kind === frameKind.head || kind === frameKind.accept) && id !== 0) {
    reset(id, fromCaller, unavailable('the call is not known here'));
  }
  outbox.flush();
}

const nothingKnown: Sync = { calls: [], lastOpenSeen: undefined, peerSent: 0, peerGranted: 0, answer: false };

function trySync(state: ExchangeState, cursor: FrameCursor): Sync | undefined {
  try {
    return decodeSync(cursor);
  } catch {
    state.stats.framesBad++;
    return undefined;
  }
}

/** What is wrong with the body of an OPEN frame. */
function openFault(state: ExchangeState, cursor: FrameCursor): CallReset | undefined {
  try {
    state.reader.open(cursor.message, cursor.bodyStart, cursor.bodyEnd);
    return undefined;
  } catch (thrown) {
    state.stats.framesBad++;
    return broken(
      thrown instanceof MalformedBody ? `a frame does not decode: ${thrown.message}` : 'a frame is broken',
    );
  }
}
