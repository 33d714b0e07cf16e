import assert from 'node:assert/strict';
import type { Call, CallHead, CallReset, CallSink, CallTarget, RawMetadata } from '../../src/rpc/call.js';
import type { PeerAddress } from '../../src/rpc/exchange-port.js';
import type { ExchangeLimits } from '../../src/rpc/limits.js';
import { type Member, MemoryBus } from './memory-bus.js';

/** Remembers everything that a caller hears. */
export class Listener implements CallSink {
  call: Call | undefined;
  heads: RawMetadata[] = [];
  chunks: Buffer[] = [];
  bytes = 0;
  end: { trailers: RawMetadata } | { reset: CallReset } | undefined;
  ends = 0;
  drains = 0;
  /** Gives credit back at once. */
  consume: boolean;

  constructor(consume = true) {
    this.consume = consume;
  }

  head(metadata: RawMetadata): void {
    this.#mayHear('head');
    assert.equal(this.heads.length, 0, 'head came twice');
    this.heads.push(metadata);
  }
  data(chunk: Uint8Array): void {
    this.#mayHear('data');
    assert.ok(this.heads.length > 0, 'data came before head');
    this.chunks.push(Buffer.from(chunk));
    this.bytes += chunk.length;
    if (this.consume) this.call?.consumed(chunk.length);
  }
  trailers(metadata: RawMetadata): void {
    this.#mayHear('trailers');
    this.ends++;
    this.end = { trailers: metadata };
  }
  reset(reset: CallReset): void {
    this.#mayHear('reset');
    this.ends++;
    this.end = { reset };
  }
  drain(): void {
    this.#mayHear('drain');
    this.drains++;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
  /** The reset that ended the call. */
  get failure(): CallReset {
    assert.ok(
      this.end !== undefined && 'reset' in this.end,
      `the call was not reset: ${JSON.stringify(this.end)}`,
    );
    return this.end.reset;
  }
  /** The trailers that ended the call. */
  get status(): RawMetadata {
    assert.ok(this.end !== undefined && 'trailers' in this.end, `no trailers: ${JSON.stringify(this.end)}`);
    return this.end.trailers;
  }

  #mayHear(what: string): void {
    assert.ok(this.call !== undefined, `${what} came before open has returned`);
    assert.equal(this.end, undefined, `${what} came after the end`);
  }
}

/** A call as the target has it: what was heard, and the sink to answer through. */
export class Served implements Call {
  readonly head: CallHead;
  readonly sink: CallSink;
  chunks: Buffer[] = [];
  bytes = 0;
  ended = false;
  cancelled: CallReset | undefined;
  given = 0;
  /** What `write` answers. */
  ready = true;
  onEnd: (() => void) | undefined;
  onWrite: ((chunk: Uint8Array) => void) | undefined;

  constructor(head: CallHead, sink: CallSink) {
    this.head = head;
    this.sink = sink;
  }

  write(chunk: Uint8Array): boolean {
    assert.equal(this.ended, false, 'bytes came after the end');
    assert.equal(this.cancelled, undefined, 'bytes came after cancel');
    this.chunks.push(Buffer.from(chunk));
    this.bytes += chunk.length;
    this.onWrite?.(chunk);
    return this.ready;
  }
  end(): void {
    assert.equal(this.ended, false, 'the end came twice');
    this.ended = true;
    this.onEnd?.();
  }
  cancel(reset: CallReset): void {
    assert.equal(this.cancelled, undefined, 'cancel came twice');
    this.cancelled = reset;
  }
  consumed(bytes: number): void {
    this.given += bytes;
  }
  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

/** A target that keeps its calls; `script` plays each. */
export class TestTarget implements CallTarget {
  readonly calls: Served[] = [];
  script: (served: Served) => void;

  constructor(script: (served: Served) => void = () => {}) {
    this.script = script;
  }

  open(head: CallHead, sink: CallSink): Call {
    const served = new Served(head, sink);
    this.calls.push(served);
    setImmediate(() => this.script(served));
    return served;
  }

  /** The n-th call. */
  at(index: number): Served {
    const served = this.calls[index];
    assert.ok(served !== undefined, `the target has no call ${index}`);
    return served;
  }
}

/** Answers with the request's bytes when they are complete. */
export function echo(served: Served): void {
  const answer = (): void => {
    served.sink.head(['content-type', 'application/grpc']);
    for (const chunk of served.chunks) served.sink.data(chunk);
    served.sink.trailers(['grpc-status', '0']);
  };
  if (served.ended) answer();
  else served.onEnd = answer;
}

export const anyHead: CallHead = {
  path: '/test.Service/Method',
  authority: 'node.example',
  metadata: ['content-type', 'application/grpc', 'x-key', 'value'],
  timeoutMs: undefined,
  caller: 'tester',
};

/** Opens a call and gives the listener its call. */
export function open(
  from: Member,
  to: Member | PeerAddress,
  head: Partial<CallHead> = {},
  consume = true,
): Listener {
  const listener = new Listener(consume);
  const address = 'self' in to ? to.self : to;
  listener.call = from.exchange.target(address).open({ ...anyHead, ...head }, listener);
  return listener;
}

/** The call of a listener that has one. */
export function callOf(listener: Listener): Call {
  assert.ok(listener.call !== undefined);
  return listener.call;
}

/** Waits until `condition` holds; fails after 20 s. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 20_000;
  while (!condition()) {
    assert.ok(performance.now() < end, `still not: ${what}`);
    await turn();
  }
}

/** One turn of the loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits until nothing moves on the bus. */
export async function settle(bus: MemoryBus): Promise<void> {
  let still = 0;
  while (still < 6) {
    await turn();
    still = bus.quiet ? still + 1 : 0;
  }
}

/** A hub and an agent that have met, with an echo server behind the agent. */
export async function pair(
  limits: Partial<ExchangeLimits> = {},
  script: (served: Served) => void = echo,
): Promise<{ bus: MemoryBus; hub: Member; agent: Member; target: TestTarget; close: () => void }> {
  // The exchanges' own timers let a process end.
  const alive = setInterval(() => {}, 1000);
  const bus = new MemoryBus();
  const hub = bus.join('hub', 'h1', limits);
  const agent = bus.join('node', '1-a', limits);
  const target = new TestTarget(echo);
  agent.exchange.serve(target);
  const first = open(hub, agent);
  callOf(first).end();
  await until(() => first.end !== undefined, 'the first call has ended');
  await settle(bus);
  bus.clear();
  target.calls.length = 0;
  target.script = script;
  const close = (): void => {
    clearInterval(alive);
    hub.exchange.close();
    agent.exchange.close();
  };
  return { bus, hub, agent, target, close };
}

/** Nothing of any call is left. */
export function assertEmpty(...members: readonly Member[]): void {
  for (const { exchange, self } of members) {
    const { callsMade, callsServed, deadlines, bytesBuffered } = exchange.stats();
    const left = { callsMade, callsServed, deadlines, bytesBuffered };
    assert.deepEqual(left, { callsMade: 0, callsServed: 0, deadlines: 0, bytesBuffered: 0 }, self.name);
  }
}
