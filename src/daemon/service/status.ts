import {
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerWritableStream,
  status,
} from '@grpc/grpc-js';
import { errorText, hintOf, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';

/** gRPC status of the errors that the daemon throws on purpose. */
const statusOf: Readonly<Record<string, status>> = {
  ARGUMENT_INVALID: status.INVALID_ARGUMENT,
  ADDRESS_INVALID: status.INVALID_ARGUMENT,
  GROUP_INVALID: status.INVALID_ARGUMENT,
  MESSAGE_TOO_LARGE: status.INVALID_ARGUMENT,
  GROUP_UNKNOWN: status.NOT_FOUND,
  EVENT_UNKNOWN: status.NOT_FOUND,
  TOKEN_UNKNOWN: status.NOT_FOUND,
  MEDIA_UNKNOWN: status.NOT_FOUND,
  GROUP_INACTIVE: status.FAILED_PRECONDITION,
  NOT_A_MEMBER: status.FAILED_PRECONDITION,
  FLOW_UNKNOWN: status.FAILED_PRECONDITION,
  TOKEN_REFUSED: status.PERMISSION_DENIED,
  REPLICATION_DENIED: status.PERMISSION_DENIED,
  REPLICATION_REFUSED: status.UNAVAILABLE,
  GROUP_FULL: status.RESOURCE_EXHAUSTED,
  MEDIA_FULL: status.RESOURCE_EXHAUSTED,
  TOO_MANY_GROUPS: status.RESOURCE_EXHAUSTED,
  TOO_MANY_PEERS: status.RESOURCE_EXHAUSTED,
  TOO_MANY_STREAMS: status.RESOURCE_EXHAUSTED,
  LOG_FAILED: status.UNAVAILABLE,
  LOG_DAMAGED: status.DATA_LOSS,
  DATA_UNUSABLE: status.UNAVAILABLE,
  UNSUPPORTED: status.UNIMPLEMENTED,
};

/** What grpc-js takes as an error; what was not thrown on purpose is logged and told as INTERNAL. */
export function callError(thrown: unknown, log: Logger): { code: status; details: string } {
  const code = thrown instanceof PosternError ? statusOf[thrown.code] : undefined;
  if (code === undefined) {
    log.error({ err: thrown }, 'a call failed');
    return { code: status.INTERNAL, details: 'the daemon failed; its log says why' };
  }
  const hint = hintOf(thrown);
  return { code, details: hint === undefined ? errorText(thrown) : `${errorText(thrown)}; ${hint}` };
}

/** A bad argument. */
export function argumentInvalid(why: string): PosternError {
  return new PosternError('ARGUMENT_INVALID', why);
}

/** Makes methods of gRPC servers out of functions. */
export class Calls {
  readonly #log: Logger;
  #streams = 0;
  #received = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  unary<Q, R>(work: (request: Q) => R | Promise<R>): handleUnaryCall<Q, R> {
    return (call, callback) => {
      const run = async (): Promise<R> => work(call.request);
      run().then(
        (response) => callback(null, response),
        (thrown: unknown) => callback(callError(thrown, this.#log)),
      );
    };
  }

  /** `work` reads what the client sends, and answers once. */
  receiving<Q, R>(work: (requests: AsyncIterable<Q>) => Promise<R>): handleClientStreamingCall<Q, R> {
    return (call, callback) => {
      const run = async (): Promise<R> => {
        if (this.#received >= mostReceived) {
          throw new PosternError('TOO_MANY_STREAMS', `at most ${mostReceived} files may come at a time`);
        }
        this.#received += 1;
        try {
          return await work(call);
        } finally {
          this.#received -= 1;
        }
      };
      run().then(
        (response) => callback(null, response),
        (thrown: unknown) => {
          // what still comes is not read, and holds up nobody
          call.on('error', () => {}).resume();
          callback(callError(thrown, this.#log));
        },
      );
    };
  }

  /** `work` writes to `out` until `out.signal` is aborted, or it has no more; waiting while the client does not read. */
  streaming<Q, R>(work: (request: Q, out: Out<R>) => Promise<void>): handleServerStreamingCall<Q, R> {
    return (call) => {
      const out = outOf(call);
      const run = async (): Promise<void> => {
        if (this.#streams >= mostStreams) {
          throw new PosternError('TOO_MANY_STREAMS', `at most ${mostStreams} streams may be open`);
        }
        this.#streams += 1;
        try {
          await work(call.request, out);
        } finally {
          this.#streams -= 1;
        }
      };
      run().then(
        () => call.end(),
        (thrown: unknown) => {
          if (!out.signal.aborted) call.emit('error', callError(thrown, this.#log));
        },
      );
    };
  }
}

/** So many files may come at a time; each is in memory. */
const mostReceived = 64;
/** So many lists may be open at a time. */
const mostStreams = 512;

/** The way to a client that reads a stream. */
export interface Out<R> {
  /** Resolves when the client is ready for more, or gone. */
  write(message: R): Promise<void>;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

function outOf<Q, R>(call: ServerWritableStream<Q, R>): Out<R> {
  const gone = new AbortController();
  for (const event of ['cancelled', 'close', 'error']) call.on(event, () => gone.abort());
  return {
    signal: gone.signal,
    write: (message) => {
      if (gone.signal.aborted || call.write(message)) return Promise.resolve();
      return new Promise((resolve) => {
        const go = (): void => {
          call.off('drain', go);
          gone.signal.removeEventListener('abort', go);
          resolve();
        };
        call.on('drain', go);
        gone.signal.addEventListener('abort', go);
      });
    },
  };
}
