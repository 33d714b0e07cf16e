import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import type { Call, CallReset, CallSink } from './call.js';

/** A call that could not be opened: its sink is told so after `open` has returned. */
export function refuseCall(sink: CallSink, reset: CallReset, log: Logger): Call {
  const later = setImmediate(() => {
    try {
      sink.reset(reset);
    } catch (thrown) {
      log.error(`a call failed while it was refused: ${errorText(thrown)}`);
    }
  });
  return { write: () => true, end: () => {}, cancel: () => clearImmediate(later), consumed: () => {} };
}
