import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Metadata,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type {
  EchoStatus,
  Payload,
  SimpleRequest,
  SimpleResponse,
  StreamingInputCallRequest,
  StreamingInputCallResponse,
  StreamingOutputCallRequest,
  StreamingOutputCallResponse,
} from './messages.js';

/** What the handlers count. */
export interface InteropCounters {
  /** Handlers that run now. */
  open: number;
  /** Calls that reached a handler. */
  started: number;
  /** Calls that the client cancelled, or whose deadline passed, while a handler ran. */
  cancelled: number;
}

type Output =
  | ServerWritableStream<StreamingOutputCallRequest, StreamingOutputCallResponse>
  | ServerDuplexStream<StreamingOutputCallRequest, StreamingOutputCallResponse>;

type AnyCall =
  | ServerUnaryCall<SimpleRequest, SimpleResponse>
  | ServerReadableStream<StreamingInputCallRequest, StreamingInputCallResponse>
  | Output;

const echoInitial = 'x-grpc-test-echo-initial';
const echoTrailing = 'x-grpc-test-echo-trailing-bin';

/** gRPC's interop TestService (`UnimplementedCall` is left out on purpose). */
export function interopImplementation(
  counters: InteropCounters,
  serverId: string,
): UntypedServiceImplementation {
  const unary = (
    call: ServerUnaryCall<SimpleRequest, SimpleResponse>,
    answer: sendUnaryData<SimpleResponse>,
  ): void => {
    const trailers = begin(call);
    const { responseStatus, responseSize = 0, fillUsername, fillServerId } = call.request;
    const failure = failureOf(responseStatus);
    if (failure !== undefined) {
      answer({ ...failure, metadata: trailers });
      return;
    }
    const response: SimpleResponse = {
      payload: zeroes(responseSize),
      ...(fillUsername === true ? { username: call.metadata.get('x-user').join(',') } : {}),
      ...(fillServerId === true ? { serverId } : {}),
    };
    answer(null, response, trailers);
  };

  const track = (call: EventEmitter): AbortSignal => {
    const gone = new AbortController();
    counters.open += 1;
    counters.started += 1;
    call.once('cancelled', () => {
      counters.cancelled += 1;
      gone.abort();
    });
    return gone.signal;
  };

  /** Runs a streaming handler; its failures are answers only where the client is still there. */
  const run = (call: Output, handler: (gone: AbortSignal, trailers: Metadata) => Promise<void>): void => {
    const gone = track(call);
    const trailers = begin(call);
    handler(gone, trailers)
      .catch((error: unknown) => {
        if (!gone.aborted && !call.destroyed) call.emit('error', error);
      })
      .finally(() => {
        counters.open -= 1;
      });
  };

  return {
    emptyCall: (call: ServerUnaryCall<SimpleRequest, SimpleResponse>, answer: sendUnaryData<object>) => {
      answer(null, {}, begin(call));
    },
    unaryCall: unary,
    cacheableUnaryCall: unary,

    streamingInputCall: (
      call: ServerReadableStream<StreamingInputCallRequest, StreamingInputCallResponse>,
      answer: sendUnaryData<StreamingInputCallResponse>,
    ) => {
      const gone = track(call);
      const trailers = begin(call);
      let size = 0;
      call.on('data', (request: StreamingInputCallRequest) => {
        size += request.payload?.body.length ?? 0;
      });
      let left = false;
      const leave = (): void => {
        if (!left) counters.open -= 1;
        left = true;
      };
      gone.addEventListener('abort', leave);
      call.once('error', leave);
      call.once('end', () => {
        leave();
        if (!gone.aborted) answer(null, { aggregatedPayloadSize: size }, trailers);
      });
    },

    streamingOutputCall: (
      call: ServerWritableStream<StreamingOutputCallRequest, StreamingOutputCallResponse>,
    ) => {
      run(call, async (gone, trailers) => {
        await respond(call, call.request, gone);
        call.end(trailers);
      });
    },

    fullDuplexCall: (call: ServerDuplexStream<StreamingOutputCallRequest, StreamingOutputCallResponse>) => {
      run(call, async (gone, trailers) => {
        for await (const request of requestsOf(call, gone)) await respond(call, request, gone, trailers);
        call.end(trailers);
      });
    },

    halfDuplexCall: (call: ServerDuplexStream<StreamingOutputCallRequest, StreamingOutputCallResponse>) => {
      run(call, async (gone, trailers) => {
        const requests: StreamingOutputCallRequest[] = [];
        for await (const request of requestsOf(call, gone)) requests.push(request);
        for (const request of requests) await respond(call, request, gone, trailers);
        call.end(trailers);
      });
    },
  };
}

/**
 * The requests of a stream. (Iterating the call itself would destroy its writable half with its readable one.)
 * Ends early when the client has gone.
 */
async function* requestsOf(
  call: ServerDuplexStream<StreamingOutputCallRequest, StreamingOutputCallResponse>,
  gone: AbortSignal,
): AsyncGenerator<StreamingOutputCallRequest> {
  const requests: StreamingOutputCallRequest[] = [];
  let ended = false;
  let wake = (): void => {};
  call.on('data', (request: StreamingOutputCallRequest) => {
    requests.push(request);
    call.pause();
    wake();
  });
  const stop = (): void => {
    ended = true;
    wake();
  };
  call.once('end', stop);
  call.once('error', stop);
  gone.addEventListener('abort', stop);
  for (;;) {
    const request = requests.shift();
    if (request !== undefined) yield request;
    else if (ended) return;
    else {
      call.resume();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}

/** Sends the initial metadata that was asked for at once; returns the trailers that were asked for. */
function begin(call: AnyCall): Metadata {
  const initial = new Metadata();
  for (const value of call.metadata.get(echoInitial)) initial.add(echoInitial, value);
  call.sendMetadata(initial);
  const trailers = new Metadata();
  for (const value of call.metadata.get(echoTrailing)) trailers.add(echoTrailing, value);
  return trailers;
}

/** Writes the responses that one request asks for, with their pauses, as fast as the client reads. */
async function respond(
  call: Output,
  request: StreamingOutputCallRequest,
  gone: AbortSignal,
  trailers?: Metadata,
): Promise<void> {
  for (const { size, intervalUs = 0 } of request.responseParameters ?? []) {
    if (intervalUs > 0) await sleep(intervalUs / 1_000, undefined, { signal: gone });
    if (gone.aborted) throw new Error('the client has gone');
    if (!call.write({ payload: zeroes(size) })) await drained(call, gone);
  }
  const failure = failureOf(request.responseStatus);
  if (failure !== undefined)
    throw Object.assign(new Error(failure.details), { ...failure, metadata: trailers });
}

function drained(call: Output, gone: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      call.off('drain', go);
      reject(new Error('the client has gone'));
    };
    const go = (): void => {
      gone.removeEventListener('abort', stop);
      resolve();
    };
    call.once('drain', go);
    gone.addEventListener('abort', stop, { once: true });
  });
}

function failureOf(status: EchoStatus | null | undefined): { code: number; details: string } | undefined {
  if (status === undefined || status === null || status.code === 0) return undefined;
  return { code: status.code, details: status.message };
}

function zeroes(size: number): Payload {
  return { body: Buffer.alloc(size) };
}
