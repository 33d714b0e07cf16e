import type { ExchangeEnd } from '../../wire/http-proxy.js';
import type { CallResult } from '../../wire/serve-call.js';
import { refusalStatus } from './refusal.js';

/** gRPC's word for what a hub answers by itself, so that one count holds calls and requests. */
const statuses: Readonly<Record<number, number>> = {
  400: refusalStatus.invalidArgument,
  401: refusalStatus.unauthenticated,
  403: refusalStatus.permissionDenied,
  404: refusalStatus.unimplemented,
  405: refusalStatus.unimplemented,
  429: refusalStatus.resourceExhausted,
  500: refusalStatus.internal,
  501: refusalStatus.unimplemented,
  502: refusalStatus.unavailable,
  504: 4,
};
const cancelled = 1;

/** How an exchange ended, as calls are counted: 0 where the service has answered, whatever it said. */
export function httpToCall(end: ExchangeEnd): CallResult {
  const { status, code, complete, requestBytes, responseBytes } = end;
  const bytes = { requestBytes, responseBytes };
  if (code !== '') {
    const made = statuses[status] ?? refusalStatus.invalidArgument;
    return { status: made, message: code, made: true, ...bytes };
  }
  return complete
    ? { status: 0, message: '', made: false, ...bytes }
    : { status: cancelled, message: 'the request was not answered to its end', made: false, ...bytes };
}
