import { constants } from 'node:http2';
import { errorText } from '../errors.js';
import type { CallReset } from '../rpc/call.js';
import { httpToStatus, rstToStatus } from '../rpc/status.js';

/** How calls end without a status of the server, told in words. `name` is the address of the server. */

/** The server answered over HTTP, but not as a gRPC server does. */
export function notGrpc(name: string, httpStatus: number, contentType: string): CallReset {
  return httpStatus === 200
    ? failedThere(2, `the server at ${name} answered with content type '${contentType}', not gRPC`)
    : failedThere(httpToStatus(httpStatus), `the server at ${name} answered with HTTP status ${httpStatus}`);
}

/** The response ended, but nobody knows how the call went. */
export function withoutStatus(name: string): CallReset {
  return failedThere(13, `the server at ${name} ended the call without a status`);
}

/**
 * The server reset the stream.
 * @param code HTTP/2 error code.
 * @param untouched nothing of a response was seen, so that a refusal may be believed.
 */
export function resetByServer(name: string, code: number, untouched: boolean): CallReset {
  if (code === constants.NGHTTP2_NO_ERROR) return withoutStatus(name);
  const refused = code === constants.NGHTTP2_REFUSED_STREAM && untouched;
  const message = `the server at ${name} ${refused ? 'refused' : 'reset'} the call (HTTP/2 code ${code})`;
  return { status: rstToStatus(code), message, refused, remote: true };
}

/** The connection broke while the call was open. */
export function connectionLost(name: string, why: string): CallReset {
  const message = `the connection to the server at ${name} was lost: ${why}`;
  return { status: 14, message, refused: false, remote: false };
}

/** The deadline came first. `unsent`: before the server was told of the call. */
export function deadlinePassed(unsent: boolean): CallReset {
  return { status: 4, message: 'the deadline of the call has passed', refused: unsent, remote: false };
}

/** The request cannot be put into HTTP/2. */
export function unsendable(thrown: unknown): CallReset {
  return {
    status: 13,
    message: `the call cannot be sent: ${errorText(thrown)}`,
    refused: true,
    remote: false,
  };
}

function failedThere(status: number, message: string): CallReset {
  return { status, message, refused: false, remote: true };
}
