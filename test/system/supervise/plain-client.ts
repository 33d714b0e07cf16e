import { Client, credentials, Metadata } from '@grpc/grpc-js';

/** A client of before that calls a node through a hub: it knows methods by name and statuses by number. */
export class PlainClient {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(hub: string, node: string, token: string) {
    this.#client = new Client(hub, credentials.createInsecure());
    this.#metadata.set('name', node);
    this.#metadata.set('authorization', `Bearer ${token}`);
  }

  /** Sends an empty message; resolves to field 1 of the answer, 0 where it is not there. Rejects with the gRPC error. */
  call(path: string, timeoutMs = 20_000): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest<object, number>(
        path,
        () => Buffer.alloc(0),
        numberIn,
        {},
        this.#metadata,
        { deadline: Date.now() + timeoutMs },
        (error, answer) => (error === null ? resolve(answer ?? 0) : reject(error)),
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** A message that holds nothing but a small number as field 1: `08 NN`, or nothing for 0. */
function numberIn(message: Buffer): number {
  if (message.length === 0) return 0;
  if (message.length !== 2 || message[0] !== 8) throw new Error(`not an answer: ${message.toString('hex')}`);
  return message[1] ?? 0;
}
