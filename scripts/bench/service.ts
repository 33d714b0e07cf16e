/** The service that is called in a benchmark, told for servers and clients alike. */

/** Paths of its methods: the same back; so many messages to the client; so many from it. */
export const methods = {
  echo: '/bench.Echo/Echo',
  pull: '/bench.Echo/Pull',
  push: '/bench.Echo/Push',
} as const;

/** Bytes of a gRPC message's header: a flag and the length. */
export const messageHeaderBytes = 5;
/** Bytes of each message of a stream. */
export const messageBytes = 64 << 10;
/** Bytes of the request, and so of the answer, of a unary call. */
export const unaryBytes = 100;

/** A gRPC message with this content. */
export function message(content: Uint8Array): Buffer {
  const framed = Buffer.alloc(messageHeaderBytes + content.length);
  framed.writeUInt32BE(content.length, 1);
  framed.set(content, messageHeaderBytes);
  return framed;
}
