import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { encodeGrpcMessage } from '../rpc/status.js';
import type { RequestRefusal } from './request.js';

/** Name of the trailer that marks errors which Postern made itself; its value is a stable code. */
export const errorMarker = 'x-postern-error';

/** Code of the error where a request is no gRPC call that can be read. */
export const badRequest = 'BAD_REQUEST';

/** Milliseconds after which a client that was refused, and goes on sending, is told to stop. */
const stopSendingMs = 250;
/** Milliseconds that a client gets to read why its request was refused. */
const refusedLingerMs = 10_000;

/** Response options: no `date` of our own, since the response is the other server's. */
export const withoutDate = { endStream: false, waitForTrailers: true, sendDate: false };
export const trailersOnly = { endStream: true, sendDate: false };

/**
 * Ends a stream with an error that Postern made: one header block, `grpc-status`, `grpc-message` and the marker.
 * Does nothing on a stream that is gone or was answered.
 * @param status gRPC status code, 1–16.
 * @param message plain text for people.
 * @param code stable code for programs, e.g. `NODE_UNKNOWN`.
 * @param retryAfterMs when to try again, in milliseconds: `grpc-retry-pushback-ms` (gRPC A6, "Client Retries").
 */
export function refuse(
  stream: ServerHttp2Stream,
  status: number,
  message: string,
  code: string,
  retryAfterMs?: number,
): void {
  if (!mayAnswer(stream)) return;
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'grpc-status': status,
      'grpc-message': encodeGrpcMessage(message),
      [errorMarker]: code,
      // Node leaves out what is undefined.
      'grpc-retry-pushback-ms': retryAfterMs,
    },
    trailersOnly,
  );
  abandonRequest(stream);
}

/** Answers what `readRequest` refused: as text, with an HTTP status, where the client does not speak gRPC. */
export function refuseRequest(stream: ServerHttp2Stream, refusal: RequestRefusal): void {
  const { httpStatus, status, message } = refusal;
  if (httpStatus === 200) {
    refuse(stream, status, message, badRequest);
    return;
  }
  if (!mayAnswer(stream)) return;
  const headers: OutgoingHttpHeaders = {
    ':status': httpStatus,
    'content-type': 'text/plain; charset=utf-8',
    [errorMarker]: badRequest,
  };
  if (httpStatus === 405) headers.allow = 'POST';
  stream.respond(headers);
  // The answer to a HEAD has ended by now.
  if (!stream.writableEnded) stream.end(`${message}\n`);
  // What still arrives is thrown away, so that the stream can come to its end.
  stream.resume();
  // Whoever sends the rest of a request at once is not stopped: nghttp2 has to see what is wrong with that rest.
  const stop = setTimeout(closeWithoutError, stopSendingMs, stream).unref();
  // A client that grants no window would otherwise keep the stream for ever.
  const linger = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), refusedLingerMs).unref();
  stream.once('close', () => {
    clearTimeout(stop);
    clearTimeout(linger);
  });
}

/** False on a stream that is gone or was answered. */
function mayAnswer(stream: ServerHttp2Stream): boolean {
  if (stream.destroyed || stream.closed || stream.headersSent) return false;
  // A client that goes away now is no concern of anybody.
  stream.on('error', ignore);
  return true;
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
