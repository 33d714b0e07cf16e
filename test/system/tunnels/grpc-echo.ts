import { Client, type ClientDuplexStream, credentials, Metadata, status } from '@grpc/grpc-js';

/** A method of some server that answers each message with one, and how it is asked. */
export interface EchoMethod {
  readonly path: string;
  /** One message, encoded. */
  readonly message: Buffer;
}

/** gRPC's interop service: a StreamingOutputCallRequest that asks for 8 bytes. */
export const interopEcho: EchoMethod = {
  path: '/grpc.testing.TestService/FullDuplexCall',
  message: Buffer.from('12020808', 'hex'),
};
/** The example in Go: a BytesValue. */
export const goEcho: EchoMethod = { path: '/example.Echo/Chat', message: Buffer.from('0a0178', 'hex') };

type Chat = ClientDuplexStream<Buffer, Buffer>;

/** How a call ended. */
export interface Ended {
  readonly code: number;
  readonly details: string;
}

/** One call of an echo method. */
export class EchoCall {
  readonly ended: Promise<Ended>;
  readonly #call: Chat;
  readonly #message: Buffer;

  constructor(call: Chat, message: Buffer) {
    this.#call = call;
    this.#message = message;
    call.on('error', () => {});
    this.ended = new Promise((resolve) => {
      call.once('status', ({ code, details }) => resolve({ code, details }));
    });
    // Half-closed messages of a call that was cancelled are nobody's.
    call.resume();
  }

  /** Sends a message; resolves when its answer is there, or the call is over. */
  async ask(): Promise<void> {
    const answered = new Promise((resolve) => this.#call.once('data', resolve));
    this.#call.write(this.#message);
    await Promise.race([answered, this.ended]);
  }

  /** Sends no more. Rejects where the call does not end with OK. */
  async finish(): Promise<void> {
    this.#call.end();
    const { code, details } = await this.ended;
    if (code !== status.OK) throw new Error(`a call ended with ${code}: ${details}`);
  }

  async cancel(): Promise<Ended> {
    this.#call.cancel();
    return this.ended;
  }
}

/** An unmodified gRPC client of one node, on a connection of its own. */
export class EchoClient {
  readonly #client: Client;
  readonly #metadata = new Metadata();
  readonly #method: EchoMethod;
  readonly #open = new Set<EchoCall>();

  constructor(address: string, metadata: Readonly<Record<string, string>>, method: EchoMethod) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
    });
    for (const [name, value] of Object.entries(metadata)) this.#metadata.set(name, value);
    this.#method = method;
  }

  /** `deadlineMs` from now on; without it there is none. */
  open(deadlineMs?: number): EchoCall {
    const { path, message } = this.#method;
    const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    const stream = this.#client.makeBidiStreamRequest(path, same, same, this.#metadata, options);
    const call = new EchoCall(stream, message);
    this.#open.add(call);
    void call.ended.then(() => this.#open.delete(call));
    return call;
  }

  /** Cancels what is open. */
  async cancelAll(): Promise<void> {
    await Promise.all([...this.#open].map((call) => call.cancel()));
  }

  /** One message there and back; milliseconds. Rejects where the call does not end with OK within 30 s. */
  async roundTrip(): Promise<number> {
    const since = performance.now();
    const call = this.open(30_000);
    await call.ask();
    await call.finish();
    return performance.now() - since;
  }

  close(): void {
    this.#client.close();
  }
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
