import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { encodeGrpcMessage } from '../rpc/status.js';
import type { RequestRefusal } from './request.js';

/** Name of the trailer that marks errors which Postern made itself; its value is a stable code. */
export const errorMarker = 'x-postern-error';

/** Response options: no `date` of our own, since the response is the other server's. */
export const withoutDate = { endStream: false, waitForTrailers: true, sendDate: false };
export const trailersOnly = { endStream: true, sendDate: false };

/**
 * Ends a stream with an error that Postern made: one header block, `grpc-status`, `grpc-message` and the marker.
 * Does nothing on a stream that is gone or was answered.
 * @param status gRPC status code, 1–16.
 * @param message plain text for people.
 * @param code stable code for programs, e.g. `NODE_UNKNOWN`.
 */
export function refuse(stream: ServerHttp2Stream, status: number, message: string, code: string): void {
  respondWithError(stream, 200, status, message, code);
}

/** Answers what `readRequest` refused, with its HTTP status too, for clients that do not speak gRPC. */
export function refuseRequest(stream: ServerHttp2Stream, refusal: RequestRefusal): void {
  respondWithError(stream, refusal.httpStatus, refusal.status, refusal.message, 'BAD_REQUEST');
}

function respondWithError(
  stream: ServerHttp2Stream,
  httpStatus: number,
  status: number,
  message: string,
  code: string,
): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  // A client that goes away now is no concern of anybody.
  stream.on('error', ignore);
  const headers: OutgoingHttpHeaders = {
    ':status': httpStatus,
    'content-type': 'application/grpc',
    'grpc-status': status,
    'grpc-message': encodeGrpcMessage(message),
    [errorMarker]: code,
  };
  stream.respond(headers, trailersOnly);
  abandonRequest(stream);
}

/**
 * Tells a client whose answer is complete to stop sending: RST_STREAM(NO_ERROR) after all that was submitted.
 * Does nothing where the client has half-closed already.
 */
export function abandonRequest(stream: ServerHttp2Stream): void {
  // What still arrives is thrown away, so that the stream can come to its end.
  stream.resume();
  if (stream.readableEnded || stream.endAfterHeaders) return;
  setImmediate(closeWithoutError, stream);
}

function closeWithoutError(stream: ServerHttp2Stream): void {
  if (!stream.destroyed && !stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
}

/** Listener for errors of streams that nobody waits for any more. */
export function ignore(): void {}
