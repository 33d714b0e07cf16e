import assert from 'node:assert/strict';
import type { ServerHttp2Stream } from 'node:http2';
import type { Call, CallHead, CallReset, CallSink, RawMetadata } from '../../src/rpc/call.js';
import { Http2Upstream, type UpstreamOptions } from '../../src/wire/http2-upstream.js';
import { startRawServer, valuesOf } from './harness.js';

const path = '/t.S/M';
/** What a gRPC response begins with. */
export const ok = { ':status': 200, 'content-type': 'application/grpc' };
const cleanups: (() => void | Promise<void>)[] = [];

/** Ends what the test has started; for `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

/** Has something ended after the test. */
export function onCleanUp(cleanup: () => void | Promise<void>): void {
  cleanups.push(cleanup);
}

export function upstreamTo(options: UpstreamOptions): Http2Upstream {
  const upstream = new Http2Upstream(options);
  cleanups.push(() => upstream.close());
  return upstream;
}

export async function rawServer(
  ...args: Parameters<typeof startRawServer>
): ReturnType<typeof startRawServer> {
  const server = await startRawServer(...args);
  cleanups.push(() => server.close());
  return server;
}

/** Records what a target tells, and checks that it keeps the rules of the seam. */
export class Recorder implements CallSink {
  metadata: RawMetadata | undefined;
  readonly chunks: Uint8Array[] = [];
  ended: { trailers?: RawMetadata; reset?: CallReset } | undefined;
  drains = 0;
  opened = false;
  readonly over: Promise<{ trailers?: RawMetadata; reset?: CallReset }>;
  #settle: (end: { trailers?: RawMetadata; reset?: CallReset }) => void = () => {};

  constructor() {
    this.over = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  head(metadata: RawMetadata): void {
    this.#check();
    assert.equal(this.metadata, undefined, 'one head');
    assert.equal(this.chunks.length, 0, 'the head comes before the data');
    this.metadata = metadata;
  }

  data(chunk: Uint8Array): void {
    this.#check();
    this.chunks.push(chunk);
  }

  trailers(metadata: RawMetadata): void {
    this.#end({ trailers: metadata });
  }

  reset(reset: CallReset): void {
    this.#end({ reset });
  }

  drain(): void {
    this.#check();
    this.drains += 1;
  }

  #check(): void {
    assert.ok(this.opened, 'nothing is called before open has returned');
    assert.equal(this.ended, undefined, 'nothing is called after the end');
  }

  #end(end: { trailers?: RawMetadata; reset?: CallReset }): void {
    this.#check();
    this.ended = end;
    this.#settle(end);
  }
}

/** Opens a call and records it. */
export function open(upstream: Http2Upstream, head: Partial<CallHead> = {}): { sink: Recorder; call: Call } {
  const sink = new Recorder();
  const call = upstream.open(
    {
      path,
      authority: '',
      metadata: ['content-type', 'application/grpc'],
      timeoutMs: undefined,
      caller: '',
      ...head,
    },
    sink,
  );
  sink.opened = true;
  return { sink, call };
}

/** One call to its end; fails unless it ends well. */
export async function succeed(upstream: Http2Upstream): Promise<void> {
  const { sink, call } = open(upstream);
  call.end();
  const { trailers, reset } = await sink.over;
  assert.equal(reset, undefined, reset?.message);
  assert.deepEqual(valuesOf(trailers ?? [], 'grpc-status'), ['0']);
}

export function answerOk(stream: ServerHttp2Stream): void {
  stream.resume();
  stream.respond({ ...ok, 'grpc-status': '0' }, { endStream: true });
}
