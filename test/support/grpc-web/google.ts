import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf';
import grpcWeb, { type ClientReadableStream, type RpcError } from 'grpc-web';
import { testMethod } from './test-method.js';
import { FetchedXhr } from './xhr.js';

/** How a call ended, as Google's client tells it. */
export interface GoogleSaw {
  /** Messages as proto3 JSON. */
  readonly messages: readonly JsonValue[];
  readonly initial: Readonly<Record<string, string>>;
  /** Undefined: OK. */
  readonly error: RpcError | undefined;
  /** Metadata of the end. */
  readonly trailing: Readonly<Record<string, string>>;
}

/** A message, in place of the classes that protoc would generate. */
class Message {
  json: JsonValue = null;

  static of(json: JsonValue): Message {
    const made = new Message();
    made.json = json;
    return made;
  }
}

/** Google's grpc-web, unmodified, without the code that protoc would generate for it. */
export class GoogleClient {
  readonly #client: InstanceType<typeof grpcWeb.GrpcWebClientBase>;
  readonly #hub: string;
  readonly #metadata: Readonly<Record<string, string>>;

  /** `format`: `text` (the only one that streams) or `binary`. */
  constructor(hub: string, metadata: Readonly<Record<string, string>>, format: 'text' | 'binary') {
    Object.assign(globalThis, { XMLHttpRequest: FetchedXhr });
    this.#client = new grpcWeb.GrpcWebClientBase({ format });
    this.#hub = hub;
    this.#metadata = metadata;
  }

  /** Calls a method of gRPC's TestService. `heard` is told each message, and may cancel. */
  async call(
    name: string,
    request: JsonValue,
    options: {
      readonly metadata?: Readonly<Record<string, string>>;
      readonly heard?: (message: JsonValue, cancel: () => void) => void;
    } = {},
  ): Promise<GoogleSaw> {
    const method = await testMethod(name);
    const descriptor = new grpcWeb.MethodDescriptor<Message, Message>(
      `/grpc.testing.TestService/${name}`,
      method.methodKind === 'unary' ? 'unary' : 'server_streaming',
      Message,
      Message,
      ({ json }: Message) => toBinary(method.input, fromJson(method.input, json)),
      (bytes: Uint8Array) => Message.of(toJson(method.output, fromBinary(method.output, bytes))),
    );
    const args = [
      `http://${this.#hub}/grpc.testing.TestService/${name}`,
      Message.of(request),
      { ...this.#metadata, ...options.metadata },
      descriptor,
    ] as const;
    const messages: JsonValue[] = [];
    return new Promise((resolve) => {
      let initial: Readonly<Record<string, string>> = {};
      let trailing: Readonly<Record<string, string>> = {};
      const end = (error: RpcError | undefined): void => resolve({ messages, initial, error, trailing });
      const stream: ClientReadableStream<Message> =
        method.methodKind === 'unary'
          ? this.#client.rpcCall(...args, (error, message) => {
              if (error === null) messages.push(message.json);
              // The status is told behind the message.
              setImmediate(end, error ?? undefined);
            })
          : this.#client.serverStreaming(...args);
      stream.on('metadata', (metadata) => {
        initial = metadata;
      });
      stream.on('status', (status) => {
        trailing = status.metadata ?? {};
      });
      if (method.methodKind === 'unary') return;
      stream.on('data', (message) => {
        messages.push(message.json);
        options.heard?.(message.json, () => {
          stream.cancel();
          end(undefined);
        });
      });
      stream.on('error', end);
      stream.on('end', () => end(undefined));
    });
  }
}
