import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { checkoutRoot } from '../processes.js';

/** What a call gave. */
export type Answer = Readonly<Record<string, unknown>>;

const loaded = new Map<string, ReturnType<typeof loadSync>>();

/** A service as a file of test/fixtures/infra declares it, which knows nothing of ours. */
function declared(file: string, service: string): ServiceDefinition {
  const definition =
    loaded.get(file) ??
    loadSync(join(checkoutRoot, 'test/fixtures/infra', file), {
      keepCase: true,
      longs: Number,
      defaults: true,
    });
  loaded.set(file, definition);
  const found = definition[service];
  if (found === undefined || 'format' in found) assert.fail(`${file} declares no service ${service}`);
  return found;
}

/** A program that was written for the predecessor of our agents, and knows its wire alone. */
export class OldController {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  /** `fields`: metadata of each call; behind a hub the node's name and a token. */
  constructor(address: string, fields: Readonly<Record<string, string>> = {}) {
    this.#client = new Client(address, credentials.createInsecure());
    for (const [name, value] of Object.entries(fields)) this.#metadata.set(name, value);
  }

  /** Calls a method of `server.Proxy`, unless another service is named, which a file of test/fixtures/infra declares. */
  call(
    method: string,
    request: Answer = {},
    service = 'server.Proxy',
    file = 'server.proto',
  ): Promise<Answer> {
    const found = declared(file, service)[method] ?? assert.fail(`${service} has no ${method}`);
    const options = { deadline: Date.now() + 30_000 };
    const { path, requestSerialize, responseDeserialize } = found;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest<object, object>(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        this.#metadata,
        options,
        (error, answer) => (error === null ? resolve({ ...answer }) : reject(error)),
      );
    });
  }

  /** The same of the oldest form: `Peer`, `Group` or `Test`. */
  old(service: 'Peer' | 'Group' | 'Test', method: string, request: Answer = {}): Promise<Answer> {
    return this.call(method, request, `daemon.${service}`, 'daemon.proto');
  }

  close(): void {
    this.#client.close();
  }
}
