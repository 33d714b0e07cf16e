import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { within } from './within.js';

/** A call without a gRPC library, and all that came of it. */
export interface OddCall {
  readonly stream: ClientHttp2Stream;
  /** Value of its `x-call`. */
  readonly id: string;
  head: IncomingHttpHeaders | undefined;
  /** The response was one header block that ended the stream. */
  headOnly: boolean;
  trailers: IncomingHttpHeaders | undefined;
  bytes: number;
  /** The first 64 KiB of the response. */
  text: string;
  /** Resolves when it is over; rejects after 20 s. */
  readonly over: Promise<void>;
  /** `grpc-status`, wherever it was. */
  status(): string | undefined;
  message(): string;
}

let made = 0;

/** Calls `/odd.Test/<method>`. `body` is the whole request; undefined leaves it open. */
export function oddCall(
  session: ClientHttp2Session,
  method: string,
  metadata: Readonly<Record<string, string | string[]>>,
  body?: Uint8Array | string,
): OddCall {
  const id = `${process.pid}-${++made}`;
  const stream = session.request(
    {
      ':method': 'POST',
      ':path': `/odd.Test/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      'x-call': id,
      ...metadata,
    },
    { endStream: false },
  );
  const call: OddCall = {
    stream,
    id,
    head: undefined,
    headOnly: false,
    trailers: undefined,
    bytes: 0,
    text: '',
    over: within(20_000, `${method} is over`, new Promise((resolve) => stream.on('close', resolve))),
    status: () => (call.trailers ?? call.head)?.['grpc-status']?.toString(),
    message: () => decodeURIComponent((call.trailers ?? call.head)?.['grpc-message']?.toString() ?? ''),
  };
  call.over.catch(() => {});
  stream
    .on('error', () => {})
    .on('response', (headers, flags) => {
      call.head = headers;
      call.headOnly = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    })
    .on('trailers', (headers) => {
      call.trailers = headers;
    })
    .on('data', (chunk: Buffer) => {
      call.bytes += chunk.length;
      if (call.text.length < 65_536) call.text += chunk.toString();
    });
  if (body !== undefined) stream.end(body);
  return call;
}
