import {
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  fromJson,
  type JsonValue,
  type Message,
  toJson,
} from '@bufbuild/protobuf';
import { ConnectError, type Transport } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { testMethod } from './test-method.js';

/** What a call brought, as connect's client tells it. */
export interface ConnectSaw {
  readonly header: Headers;
  readonly trailer: Headers;
  /** Messages as proto3 JSON. */
  readonly messages: readonly JsonValue[];
}

/** connect's gRPC-web client of gRPC's TestService, unmodified, on the fetch of Node. */
export class ConnectClient {
  readonly #transport: Transport;
  readonly #metadata: Readonly<Record<string, string>>;

  constructor(hub: string, metadata: Readonly<Record<string, string>>) {
    this.#transport = createGrpcWebTransport({ baseUrl: `http://${hub}` });
    this.#metadata = metadata;
  }

  /** A unary call; rejects with a `ConnectError`. */
  async unary(name: string, request: JsonValue, options: CallOptions = {}): Promise<ConnectSaw> {
    const method = await testMethod(name);
    if (!isUnary(method)) throw new Error(`${name} is not unary`);
    const { signal, timeoutMs, metadata } = options;
    const { header, trailer, message } = await this.#transport.unary(
      method,
      signal,
      timeoutMs,
      { ...this.#metadata, ...metadata },
      fromJson(method.input, request),
    );
    return { header, trailer, messages: [toJson(method.output, message)] };
  }

  /** A server stream; `heard` is told each message. Rejects with a `ConnectError`. */
  async stream(
    name: string,
    request: JsonValue,
    options: CallOptions & { readonly heard?: (message: JsonValue) => void } = {},
  ): Promise<ConnectSaw> {
    const method = await testMethod(name);
    if (!isStreaming(method)) throw new Error(`${name} does not stream`);
    const { signal, timeoutMs, metadata, heard } = options;
    const { header, trailer, message } = await this.#transport.stream(
      method,
      signal,
      timeoutMs,
      { ...this.#metadata, ...metadata },
      one(fromJson(method.input, request)),
    );
    const messages: JsonValue[] = [];
    for await (const each of message) {
      const json = toJson(method.output, each);
      messages.push(json);
      heard?.(json);
    }
    return { header, trailer, messages };
  }
}

/** What a call may be told. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** How a call fails that has to. */
export async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (thrown) {
    return ConnectError.from(thrown);
  }
  throw new Error('the call did not fail');
}

async function* one(message: Message): AsyncGenerator<Message> {
  yield message;
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === 'unary';
}

function isStreaming(method: DescMethod): method is DescMethodStreaming {
  return method.methodKind !== 'unary';
}
