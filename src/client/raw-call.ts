import {
  type Client,
  type ClientDuplexStream,
  type Metadata,
  type StatusObject,
  status,
} from '@grpc/grpc-js';

/** How a call ended. */
export interface CallStatus {
  /** gRPC status code, 0–16. */
  readonly code: number;
  readonly details: string;
  /** Trailing metadata. */
  readonly trailers: Metadata;
}

/** A call in bytes: every kind of gRPC call is a stream each way. */
export type RawCall = ClientDuplexStream<Uint8Array, Buffer>;

const toBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asIs = (bytes: Buffer): Buffer => bytes;

/** Opens a call of any kind. `deadlineMs`: Unix time in milliseconds, Infinity for none. */
export function openRawCall(
  client: Client,
  path: string,
  metadata: Metadata,
  deadlineMs = Number.POSITIVE_INFINITY,
): RawCall {
  return client.makeBidiStreamRequest<Uint8Array, Buffer>(path, toBuffer, asIs, metadata, {
    deadline: deadlineMs,
  });
}

/** Resolves to how the call ended; never rejects. Listen before the first turn of the loop after the call was opened. */
export function statusOf(call: RawCall): Promise<CallStatus> {
  return new Promise((resolve) => {
    // The status tells everything that the error tells.
    call.on('error', () => {});
    call.once('status', (end: StatusObject) =>
      resolve({ code: end.code, details: end.details, trailers: end.metadata }),
    );
  });
}

/** The status' name, e.g. `NOT_FOUND`. */
export function statusName(code: number): string {
  return status[code] ?? `CODE_${code}`;
}
