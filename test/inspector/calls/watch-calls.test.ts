import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ClientReadableStream, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { loadOrCreateCallerKey } from '../../../src/auth/caller-tokens.js';
import {
  InspectorClient,
  type InspectorServer,
  InspectorService,
  type WatchCallsResponse,
} from '../../../src/gen/postern/v1/inspector.js';
import { watchCallsMethod } from '../../../src/inspector/calls/watch-calls.js';
import { quantileMs } from '../../../src/latency-buckets.js';
import { guardedBy } from '../../../src/own-service.js';
import { CallStage, slowMs, sumOf, times } from '../../hub/calls/call-stage.js';
import { startTestHub, type TestHub } from '../../hub/test-hub.js';
import { startTestNats, type TestNats, until } from '../../support/nats.js';

/** Reads what is told of calls. */
class Reader {
  readonly told: WatchCallsResponse[] = [];
  error: unknown;
  readonly #stream: ClientReadableStream<WatchCallsResponse>;

  constructor(client: InspectorClient, node = '') {
    this.#stream = client.watchCalls({ node });
    this.#stream.on('data', (response: WatchCallsResponse) => this.told.push(response));
    this.#stream.on('error', (error) => {
      this.error = error;
    });
  }

  /** How many calls of a method ended. */
  count(node: string, name: string): number {
    const rows = this.told.flatMap(({ methods }) => methods);
    return sumOf(
      rows
        .filter((row) => row.node === node && row.method === `calls.Test/${name}`)
        .flatMap((row) => Object.values(row.ended)),
    );
  }

  get nodes(): string[] {
    const rows = this.told.flatMap(({ methods, notable }) => [...methods, ...notable]);
    return [...new Set(rows.map(({ node }) => node))].sort();
  }

  /** What was kept is there. */
  get live(): boolean {
    return this.told.some(({ methods }) => methods.length === 0);
  }

  stop(): void {
    this.#stream.cancel();
  }
}

describe('watching calls', () => {
  let nats: TestNats;
  let hubs: TestHub[];
  let stage: CallStage;
  let server: Server;
  const stopping = new AbortController();
  let covers = (_node: string) => true;
  let client: InspectorClient;
  const readers: Reader[] = [];
  const read = (node?: string): Reader => {
    const reader = new Reader(client, node);
    readers.push(reader);
    return reader;
  };

  before(async () => {
    nats = await startTestNats();
    const first = await startTestHub(nats);
    await loadOrCreateCallerKey(join(nats.dir, 'keys'));
    const data = join(nats.dir, 'second');
    await mkdir(join(data, 'keys'), { recursive: true });
    await copyFile(join(nats.dir, 'keys', 'caller.jwk'), join(data, 'keys', 'caller.jwk'));
    hubs = [first, await startTestHub(nats, { data })];
    stage = await CallStage.start();
    for (const node of ['attic', 'cellar']) await stage.join(nats, first, node);
    const { watchCalls } = watchCallsMethod(first.bus, stopping.signal);
    server = new Server();
    const implementation = guardedBy(
      {
        admit: () => ({
          subject: 'tester',
          may: () => true,
          covers: (node) => covers(node),
          coversAll: true,
          ended: () => false,
        }),
        refusal: () => ({ code: 13, details: '' }),
      },
      { definition: InspectorService, implementation: { watchCalls } satisfies Partial<InspectorServer> },
    );
    server.addService({ watchCalls: InspectorService.watchCalls }, implementation);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    client = new InspectorClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.enable_http_proxy': 0,
    });
  });
  after(async () => {
    for (const reader of readers) reader.stop();
    client.close();
    server.forceShutdown();
    stage.stop();
    for (const hub of hubs) await hub.stop();
    await nats.stop();
  });
  const through = (hub: number): TestHub => hubs[hub] ?? assert.fail();

  it('tells of the calls of all hubs, added up', async () => {
    const reader = read();
    await until('it is live', () => reader.live);
    await times(60, (i) => stage.call(through(i % 2), 'cellar', i < 20 ? 'Slow' : 'Quick'));
    await until(
      'all are told',
      () => reader.count('cellar', 'Slow') + reader.count('cellar', 'Quick') === 60,
    );
    assert.equal(reader.count('cellar', 'Slow'), 20);
    const slow = reader.told.flatMap(({ methods }) =>
      methods.filter(({ method }) => method.endsWith('Slow')),
    );
    const buckets: number[] = [];
    for (const [i, n] of slow.flatMap((row) => [...row.buckets.entries()]))
      buckets[i] = (buckets[i] ?? 0) + n;
    assert.ok((quantileMs(Array.from(buckets), 0.5) ?? 0) >= slowMs * 0.84, 'within one bucket');
    assert.equal(sumOf(slow.map(({ requestBytes }) => requestBytes)), 20 * 15);
    const ids = new Set(reader.told.flatMap(({ notable }) => notable.map(({ call }) => call)));
    assert.equal(new Set([...ids].map((id) => id.slice(0, id.lastIndexOf('-')))).size, 2, 'of both hubs');
  });

  it('begins with the last minute', async () => {
    const reader = read();
    await until('it is live', () => reader.live);
    assert.equal(reader.count('cellar', 'Slow'), 20);
    const times = reader.told.slice(0, -1).map(({ atMs }) => atMs);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });

  it('tells of one node where only that is asked for, and of none that the token does not cover', async () => {
    for (const node of ['attic', 'cellar']) await stage.call(through(0), node, 'Fail');
    const attic = read('attic');
    await until('the call is told', () => attic.count('attic', 'Fail') === 1);
    covers = (node) => node === 'cellar';
    const limited = read();
    await until('it is live', () => limited.live && limited.count('cellar', 'Fail') === 1);
    assert.deepEqual([attic.nodes, limited.nodes], [['attic'], ['cellar']]);
    covers = () => true;
  });

  it('refuses what is no node, and ends when the hub does', async () => {
    const wrong = read('No Node');
    await until('it is refused', () => wrong.error !== undefined);
    assert.match(String(wrong.error), /INVALID_ARGUMENT: node: it is no node name/);
    const reader = read();
    await until('it is live', () => reader.live);
    stopping.abort();
    await until('it has ended', () => reader.error !== undefined);
    assert.match(String(reader.error), /UNAVAILABLE: the hub stops/);
  });
});
