import {
  Client,
  type ClientReadableStream,
  connectivityState,
  credentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { PosternError } from '../../../errors.js';

/** How a message of one type is written and read. */
export interface MessageType<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** Larger than any message that a daemon takes. */
const mostMessageBytes = 8 * 1024 * 1024;

/** Who closes waits so long for a connection that is being made, and for a call to begin to make one, milliseconds. */
const connectWithinMs = 5_000;
const startWithinMs = 100;

/** A connection to a daemon's gRPC listener on this machine. */
export class Channel {
  readonly address: string;
  readonly #client: Client;
  #used = false;

  /** Connects when it is first used, and again when it has to. */
  constructor(address: string) {
    this.address = address;
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': mostMessageBytes,
      'grpc.max_send_message_length': mostMessageBytes,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      // Each adapter has a connection of its own, which ends with it.
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  /** One request, one answer. Rejects with grpc-js's `ServiceError`; `CANCELLED` when the signal ended it. */
  unary<Q, A>(
    path: string,
    asked: { readonly type: MessageType<Q>; readonly request: Q },
    answer: MessageType<A>,
    signal: AbortSignal,
  ): Promise<A> {
    this.#used = true;
    return new Promise((resolve, reject) => {
      const { type, request } = asked;
      const call = this.#client.makeUnaryRequest<Q, A>(
        path,
        (message) => Buffer.from(type.encode(message).finish()),
        (bytes) => answer.decode(bytes),
        request,
        (error, value) => {
          signal.removeEventListener('abort', cancel);
          if (error !== null) reject(error);
          else if (value === undefined) reject(new PosternError('DAEMON_REFUSED', `${path} gave no answer`));
          else resolve(value);
        },
      );
      const cancel = (): void => call.cancel();
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel, { once: true });
    });
  }

  /** Many requests, one answer. Rejects as `unary` does. */
  upload<Q, A>(
    path: string,
    { type, requests }: { readonly type: MessageType<Q>; readonly requests: Iterable<Q> },
    answer: MessageType<A>,
    signal: AbortSignal,
  ): Promise<A> {
    this.#used = true;
    return new Promise((resolve, reject) => {
      let over = false;
      const call = this.#client.makeClientStreamRequest<Q, A>(
        path,
        (message) => Buffer.from(type.encode(message).finish()),
        (bytes) => answer.decode(bytes),
        (error, value) => {
          over = true;
          signal.removeEventListener('abort', cancel);
          if (error !== null) reject(error);
          else if (value === undefined) reject(new PosternError('DAEMON_REFUSED', `${path} gave no answer`));
          else resolve(value);
        },
      );
      const cancel = (): void => call.cancel();
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel, { once: true });
      const rest = requests[Symbol.iterator]();
      const writeMore = (): void => {
        while (!over) {
          const { done, value } = rest.next();
          if (done === true) {
            call.end();
            return;
          }
          if (call.write(value)) continue;
          call.once('drain', writeMore);
          return;
        }
      };
      writeMore();
    });
  }

  /** One request, a stream of answers, which its reader destroys. */
  stream<Q, A>(
    path: string,
    asked: { readonly type: MessageType<Q>; readonly request: Q },
    answer: MessageType<A>,
  ): ClientReadableStream<A> {
    const { type, request } = asked;
    this.#used = true;
    return this.#client.makeServerStreamRequest<Q, A>(
      path,
      (message) => Buffer.from(type.encode(message).finish()),
      (bytes) => answer.decode(bytes),
      request,
    );
  }

  /** Ends the connection, as soon as it is made where it is being made now. */
  close(): void {
    const channel = this.#client.getChannel();
    const state = channel.getConnectivityState(false);
    const withinMs = this.#closeWithinMs(state);
    if (withinMs === 0) {
      this.#client.close();
      return;
    }
    // A channel of grpc-js that is closed meanwhile goes on to connect, and nobody ever ends that connection; nor may it be
    // closed within what tells of its state.
    channel.watchConnectivityState(state, Date.now() + withinMs, (late) => {
      if (late === undefined) setImmediate(() => this.close());
      else this.#client.close();
    });
  }

  #closeWithinMs(state: connectivityState): number {
    if (state === connectivityState.CONNECTING) return connectWithinMs;
    return state === connectivityState.IDLE && this.#used ? startWithinMs : 0;
  }
}

/** True for what grpc-js rejects with. */
export function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'number';
}

/** What was thrown, as the adapters throw it. */
export function daemonError(thrown: unknown, address: string, what: string): PosternError {
  if (thrown instanceof PosternError) return thrown;
  const cause = { cause: thrown };
  if (!isServiceError(thrown)) {
    return new PosternError('DAEMON_REFUSED', `the daemon at ${address} ${what}: ${String(thrown)}`, cause);
  }
  const why = `${thrown.details} (${status[thrown.code]})`;
  const away = thrown.code === status.UNAVAILABLE || thrown.code === status.CANCELLED;
  return away
    ? new PosternError('DAEMON_UNREACHABLE', `the daemon at ${address} ${what}: ${why}`, {
        ...cause,
        hint: 'is it running, and does it listen there?',
      })
    : new PosternError('DAEMON_REFUSED', `the daemon at ${address} ${what}: ${why}`, cause);
}
