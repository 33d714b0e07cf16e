/** HTTP/2 limits of both roles; the defaults of Node are made for web pages and break gRPC calls that work directly. */

/** Receive window of a stream and of a connection, bytes. 64 KiB, the default, caps a stream at 3 MB/s over 20 ms. */
export const windowBytes = 1_048_576;
/** Header list that is taken and sent, bytes, counted as RFC 9113 does (32 extra for each field). */
export const maxHeaderListBytes = 1_048_576;
/** Header fields in one list; Node's default of 128 breaks calls with much metadata. */
export const maxHeaderFields = 4_000;
/** Megabytes that a session may hold before it refuses streams; Node degrades badly when that limit is met. */
export const maxSessionMegabytes = 1_000;
/** Calls that one client connection may have open. */
export const maxConcurrentStreams = 4_096;
/** Bytes that wait in a stream's send buffer before its writer is asked to stop. */
export const sendBufferBytes = 131_072;
/** Received bytes of one call that may be on their way onwards before the stream is paused. */
export const receiveBufferBytes = 262_144;

/** Options of `node:http2` that servers and clients share. */
export const http2Options = {
  maxSessionMemory: maxSessionMegabytes,
  maxHeaderListPairs: maxHeaderFields,
  maxSendHeaderBlockLength: maxHeaderListBytes,
} as const;

/** Longest header of an HTTP/1.1 request, request line included, in bytes. */
export const longestHttp1HeaderBytes = 16_384;
/** Header fields in one HTTP/1.1 request. */
export const mostHttp1Fields = 1_000;
