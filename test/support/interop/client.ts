import type { EventEmitter } from 'node:events';
import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { z } from 'zod';
import type { SimpleRequest, StreamingInputCallRequest, StreamingOutputCallRequest } from './messages.js';
import { interopService } from './protos.js';

/** Where interop cases are run, and with which metadata on every call. */
export interface InteropTarget {
  /** As grpc-js takes it: `127.0.0.1:9090`, `unix:/path`. */
  readonly address: string;
  /** E.g. the name of the node and the caller's token. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly credentials?: ChannelCredentials;
}

const payload = z.object({ body: z.instanceof(Uint8Array) }).nullish();
const empty = z.object({});
const simpleResponse = z.object({ payload, username: z.string(), serverId: z.string() });
const inputResponse = z.object({ aggregatedPayloadSize: z.number() });
const outputResponse = z.object({ payload });

export type SimpleAnswer = z.infer<typeof simpleResponse>;
export type OutputAnswer = z.infer<typeof outputResponse>;

/** How a unary call or a client stream ended. */
export interface Outcome<T> {
  readonly error: ServiceError | null;
  readonly value: T | undefined;
  readonly initial: Metadata;
  readonly status: StatusObject;
}

const service = interopService('grpc.testing.TestService');

/** An unmodified grpc-js client of the interop TestService, on a connection of its own. */
export class InteropClient {
  readonly #client: Client;
  readonly #metadata: Readonly<Record<string, string>>;

  constructor(target: InteropTarget) {
    this.#client = new Client(target.address, target.credentials ?? credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
    this.#metadata = target.metadata ?? {};
  }

  /** The target's metadata and more. */
  metadata(more: Readonly<Record<string, string | Buffer>> = {}): Metadata {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries({ ...this.#metadata, ...more })) metadata.add(name, value);
    return metadata;
  }

  emptyCall(metadata = this.metadata(), options: CallOptions = {}): Promise<Outcome<object>> {
    return this.#unary('EmptyCall', {}, empty, metadata, options);
  }

  unaryCall(
    request: SimpleRequest,
    metadata = this.metadata(),
    options: CallOptions = {},
  ): Promise<Outcome<SimpleAnswer>> {
    return this.#unary('UnaryCall', request, simpleResponse, metadata, options);
  }

  /** Calls a method that answers with a SimpleResponse or nothing, by its path. */
  callPath(path: string): Promise<Outcome<object>> {
    const nothing = (): Buffer => Buffer.alloc(0);
    const options = { deadline: Date.now() + 10_000 };
    return outcome((answer) =>
      this.#client.makeUnaryRequest(path, nothing, () => ({}), {}, this.metadata(), options, answer),
    );
  }

  streamingOutputCall(
    request: StreamingOutputCallRequest,
    metadata = this.metadata(),
    options: CallOptions = {},
  ): ClientReadableStream<OutputAnswer> {
    const { path, encode, decode } = method('StreamingOutputCall', outputResponse);
    return this.#client.makeServerStreamRequest(path, encode, decode, request, metadata, options);
  }

  streamingInputCall(
    metadata = this.metadata(),
    options: CallOptions = {},
  ): {
    call: ClientWritableStream<StreamingInputCallRequest>;
    outcome: Promise<Outcome<{ aggregatedPayloadSize: number }>>;
  } {
    const { path, encode, decode } = method('StreamingInputCall', inputResponse);
    let call: ClientWritableStream<StreamingInputCallRequest> | undefined;
    const ended = outcome<{ aggregatedPayloadSize: number }>((answer) => {
      call = this.#client.makeClientStreamRequest<
        StreamingInputCallRequest,
        { aggregatedPayloadSize: number }
      >(path, encode, decode, metadata, options, answer);
      return call;
    });
    if (call === undefined) throw new Error('no call was made');
    return { call, outcome: ended };
  }

  fullDuplexCall(
    metadata = this.metadata(),
    options: CallOptions = {},
  ): ClientDuplexStream<StreamingOutputCallRequest, OutputAnswer> {
    const { path, encode, decode } = method('FullDuplexCall', outputResponse);
    return this.#client.makeBidiStreamRequest(path, encode, decode, metadata, options);
  }

  close(): void {
    this.#client.close();
  }

  #unary<T>(
    name: string,
    request: object,
    schema: z.ZodType<T>,
    metadata: Metadata,
    options: CallOptions,
  ): Promise<Outcome<T>> {
    const { path, encode, decode } = method(name, schema);
    return outcome((answer) =>
      this.#client.makeUnaryRequest(path, encode, decode, request, metadata, options, answer),
    );
  }
}

/** The status that ends a stream; its errors are taken, so that none is uncaught. */
export function statusOf(
  call: ClientReadableStream<OutputAnswer> | ClientDuplexStream<StreamingOutputCallRequest, OutputAnswer>,
): Promise<StatusObject> {
  const emitter: EventEmitter = call;
  emitter.on('error', () => {});
  return new Promise((resolve) => {
    emitter.once('status', resolve);
  });
}

function method<T>(
  name: string,
  schema: z.ZodType<T>,
): { path: string; encode: (value: object) => Buffer; decode: (bytes: Buffer) => T } {
  const definition = service[name];
  if (definition === undefined) throw new Error(`there is no method ${name}`);
  return {
    path: definition.path,
    encode: (value) => definition.requestSerialize(value),
    decode: (bytes) => schema.parse(definition.responseDeserialize(bytes)),
  };
}

function outcome<T>(
  start: (answer: (error: ServiceError | null, value?: T) => void) => ClientUnaryCall,
): Promise<Outcome<T>> {
  return new Promise((resolve) => {
    let initial = new Metadata();
    let result: { error: ServiceError | null; value: T | undefined } | undefined;
    let status: StatusObject | undefined;
    const settle = (): void => {
      if (result !== undefined && status !== undefined) resolve({ ...result, initial, status });
    };
    const call = start((error, value) => {
      result = { error, value };
      settle();
    });
    call.on('metadata', (metadata) => {
      initial = metadata;
    });
    call.on('status', (ended) => {
      status = ended;
      settle();
    });
  });
}
