import { setTimeout as sleep } from 'node:timers/promises';
import {
  Client,
  credentials,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { Bus } from '../../../src/bus/bus.js';
import type { CallSummary, NotableSummary } from '../../../src/bus/call-summary.js';
import { subjects } from '../../../src/bus/subjects.js';
import { Http2Upstream } from '../../../src/wire/http2-upstream.js';
import type { TestNats } from '../../support/nats.js';
import { bindKey, StandIn } from '../stand-in.js';
import { bearer, type TestHub } from '../test-hub.js';

/** So long `Slow` waits before it answers, milliseconds. */
export const slowMs = 80;

const plain = (bytes: Buffer): Buffer => bytes;
const method = (name: string) => ({
  path: `/calls.Test/${name}`,
  requestStream: false as const,
  responseStream: false as const,
  requestSerialize: plain,
  requestDeserialize: plain,
  responseSerialize: plain,
  responseDeserialize: plain,
});
const answer: handleUnaryCall<Buffer, Buffer> = (call, callback) => callback(null, call.request);

/** A gRPC server behind a node of hubs, with the methods `Quick`, `Slow` and `Fail` (NOT_FOUND). */
export class CallStage {
  readonly upstream: Http2Upstream;
  readonly #server: Server;
  readonly #clients = new Map<TestHub, Client>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.upstream = new Http2Upstream({ address: { host: '127.0.0.1', port } });
  }

  static async start(): Promise<CallStage> {
    const server = new Server();
    server.addService(
      { quick: method('Quick'), slow: method('Slow'), fail: method('Fail') },
      {
        quick: answer,
        slow: (async (call, callback) => {
          await sleep(slowMs);
          answer(call, callback);
        }) as handleUnaryCall<Buffer, Buffer>,
        fail: ((_call, callback) => callback({ code: status.NOT_FOUND, details: 'none' })) as handleUnaryCall<
          Buffer,
          Buffer
        >,
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return new CallStage(server, port);
  }

  /** Joins the server as a node. */
  async join(nats: TestNats, hub: TestHub, node: string): Promise<StandIn> {
    const agent = await StandIn.start(nats, await bindKey(hub, node), this.upstream);
    await agent.join();
    return agent;
  }

  /** Calls a method through a hub; resolves to the gRPC status. */
  call(hub: TestHub, node: string, name: string, request = Buffer.alloc(10)): Promise<number> {
    let client = this.#clients.get(hub);
    if (client === undefined) {
      client = new Client(hub.address, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
      this.#clients.set(hub, client);
    }
    const metadata = bearer(hub.adminToken);
    metadata.set('name', node);
    const path = `/calls.Test/${name}`;
    return new Promise((resolve) => {
      client.makeUnaryRequest(path, plain, plain, request, metadata, (error: ServiceError | null) =>
        resolve(error?.code ?? status.OK),
      );
    });
  }

  stop(): void {
    for (const client of this.#clients.values()) client.close();
    this.upstream.close();
    this.#server.forceShutdown();
  }
}

/** Runs `work` so many times, some at once. */
export async function times(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: 20 }, worker));
}

/** What was told of a method, all messages together. */
export interface Told {
  readonly ended: Map<number, number>;
  readonly buckets: number[];
  ms: number;
  in: number;
  out: number;
}

/** Hears what hubs tell of calls. */
export class Listener {
  readonly messages: CallSummary[] = [];
  readonly stop: () => void;

  constructor(bus: Bus) {
    this.stop = bus.subscribe(subjects.calls, {}, ({ body }) => this.messages.push(body));
  }

  get notable(): NotableSummary[] {
    return this.messages.flatMap(({ notable = [] }) => notable);
  }

  /** Of a method, `Quick`; '' those without a row of their own. */
  told(node: string, name: string): Told {
    const told: Told = { ended: new Map(), buckets: [], ms: 0, in: 0, out: 0 };
    for (const row of this.messages.flatMap(({ methods }) => methods)) {
      if (row.node !== node || row.method !== (name === '' ? '' : `calls.Test/${name}`)) continue;
      pairs(row.ended, (code, count) => told.ended.set(code, (told.ended.get(code) ?? 0) + count));
      pairs(row.buckets, (bucket, count) => {
        told.buckets[bucket] = (told.buckets[bucket] ?? 0) + count;
      });
      told.ms += row.ms;
      told.in += row.in;
      told.out += row.out;
    }
    return told;
  }

  /** Calls of which was told, of whatever method. */
  get count(): number {
    return this.messages
      .flatMap(({ methods }) => methods)
      .reduce((sum, { ended }) => sum + sumOf(ended.filter((_, i) => i % 2 === 1)), 0);
  }
}

export function sumOf(numbers: readonly (number | undefined)[]): number {
  return numbers.reduce<number>((sum, n = 0) => sum + n, 0);
}

function pairs(list: readonly number[], each: (key: number, count: number) => void): void {
  for (let i = 0; i + 1 < list.length; i += 2) each(list[i] ?? 0, list[i + 1] ?? 0);
}
