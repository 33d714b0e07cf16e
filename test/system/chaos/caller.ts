import { Client, type ClientDuplexStream, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import { flowNumber } from './messages.js';

/** What a call of each kind is in the midst of when something happens to it. */
export const phases = {
  Wait: 'unary, waiting for the answer',
  Flow: 'server streaming, mid-flow',
  Sink: 'client streaming, mid-flow',
  Echo: 'bidi, idle',
} as const;
export type Method = keyof typeof phases;
export const methods: readonly Method[] = ['Wait', 'Flow', 'Sink', 'Echo'];

/** How a call ended. */
export interface End {
  readonly code: number;
  readonly message: string;
  /** The `x-postern-error` marker. */
  readonly marker: string | undefined;
  /** On the clock of `performance`. */
  readonly at: number;
}

/** How often a client stream writes, in milliseconds. */
const sinkEveryMs = 10;
const same = (bytes: Buffer): Buffer => bytes;
let lastId = 0;

/** An unmodified gRPC client whose calls reach a server of this folder. */
export class Caller {
  closed = false;
  readonly #client: Client;
  readonly #metadata: Record<string, string>;

  /** `address` as grpc-js takes it. */
  constructor(address: string, node: string, token: string, options: Record<string, string | number> = {}) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
      ...options,
    });
    this.#metadata = { 'x-postern-node': node, authorization: `Bearer ${token}` };
  }

  /** Opens a call and brings it into its phase. */
  open(method: Method, options: { timeoutMs?: number; answerMs?: number; id?: string } = {}): OpenCall {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(this.#metadata)) metadata.set(name, value);
    lastId += 1;
    const id = options.id ?? `${process.pid}-${lastId}`;
    metadata.set('x-id', id);
    if (options.answerMs !== undefined) metadata.set('x-answer-ms', String(options.answerMs));
    const deadline = options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs };
    const stream = this.#client.makeBidiStreamRequest(
      `/chaos.Test/${method}`,
      same,
      same,
      metadata,
      deadline,
    );
    return new OpenCall(method, id, stream);
  }

  /** A short call; resolves when it is over. */
  async ask(timeoutMs = 5_000): Promise<End> {
    const call = this.open('Wait', { timeoutMs, answerMs: 0 });
    return call.ended;
  }

  close(): void {
    this.closed = true;
    this.#client.close();
  }
}

/** One call, and what has come of it. */
export class OpenCall {
  readonly method: Method;
  readonly id: string;
  readonly openedAt = performance.now();
  readonly ended: Promise<End>;
  end: End | undefined;
  /** Messages that came. */
  messages = 0;
  /** What is wrong with the bytes that came. */
  wrong: string | undefined;
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  #said = 0;

  constructor(method: Method, id: string, stream: ClientDuplexStream<Buffer, Buffer>) {
    this.method = method;
    this.id = id;
    this.#stream = stream;
    stream.on('data', (message: Buffer) => this.#came(message));
    stream.on('error', () => {});
    this.ended = new Promise((resolve) => {
      stream.on('status', ({ code, details, metadata }: StatusObject) => {
        const [marker] = metadata.get('x-postern-error');
        const end = {
          code,
          message: details,
          marker: typeof marker === 'string' ? marker : undefined,
          at: performance.now(),
        };
        this.end = end;
        resolve(end);
      });
    });
    if (method === 'Echo') this.say();
    else if (method === 'Sink') this.#pour();
    else {
      stream.write(Buffer.from('ask'));
      stream.end();
    }
  }

  /** For an `Echo`: says one more thing, which has to come back. */
  say(): void {
    this.#stream.write(Buffer.from(`${this.id} ${this.#said++}`));
  }

  /** For `Echo` and `Sink`: nothing more is said, so that the server can end the call well. */
  finish(): void {
    this.#stream.end();
  }

  cancel(): void {
    this.#stream.cancel();
  }

  #pour(): void {
    const chunk = Buffer.alloc(4_096, 7);
    const timer = setInterval(() => {
      if (!this.#stream.writableEnded && this.#stream.writableLength < 262_144) this.#stream.write(chunk);
    }, sinkEveryMs);
    void this.ended.then(() => clearInterval(timer));
  }

  #came(message: Buffer): void {
    const number = this.messages++;
    if (this.method === 'Flow' && flowNumber(message) !== number)
      this.wrong ??= `message ${number} is another`;
    if (this.method === 'Echo' && message.toString() !== `${this.id} ${number}`)
      this.wrong ??= `echo ${number} is ${message.toString()}`;
  }
}
