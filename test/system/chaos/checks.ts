import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/processes.js';
import { recovery, slack } from './bounds.js';
import { type Caller, type End, type OpenCall, phases } from './caller.js';

const unavailable = 14;

/** What gRPC libraries make of an end without a status: none of ours may look like it. */
const improper =
  /RST_STREAM|HTTP status|without (a )?status|trailers|No status received|Internal HTTP2 error/i;

/** Waits for the end of every call; each must have a status of `codes`, made by Postern or the client, in time. */
export async function assertEnded(
  calls: readonly OpenCall[],
  since: number,
  seconds: number,
  codes: readonly number[] = [unavailable],
): Promise<void> {
  const bound = seconds + slack;
  const timer = new AbortController();
  const late = sleep(since + bound * 1000 - performance.now(), 'late', { signal: timer.signal });
  late.catch(() => {});
  await Promise.race([Promise.all(calls.map((call) => call.ended)), late]);
  timer.abort();
  for (const call of calls) {
    const { end } = call;
    assert.ok(end !== undefined, `${phases[call.method]}: not over after ${bound} s`);
    assertProper(call, end);
    assert.ok(codes.includes(end.code), `${phases[call.method]}: status ${end.code} ${end.message}`);
  }
}

/** The call ended as gRPC calls do, and nothing that came was wrong. */
export function assertProper(call: OpenCall, end: End): void {
  const told = `${phases[call.method]} (${call.id}): ${end.code} ${end.message}`;
  assert.doesNotMatch(end.message, improper, told);
  assert.ok(end.code === 0 || end.message !== '', `no word of why: ${told}`);
  assert.equal(call.wrong, undefined, told);
}

/** The calls are open, and those that are to say something do. */
export async function assertGoOn(calls: readonly OpenCall[], what: string): Promise<void> {
  const before = calls.map((call) => call.messages);
  for (const call of calls) if (call.method === 'Echo') call.say();
  await eventually(
    `${what}: calls go on`,
    () => {
      for (const { end, method } of calls)
        assert.equal(end, undefined, `${what}: ${phases[method]} ended: ${end?.code} ${end?.message}`);
      return calls.every(
        (call, i) => call.method === 'Wait' || call.method === 'Sink' || call.messages > (before[i] ?? 0),
      );
    },
    { everyMs: 20 },
  );
  for (const call of calls) assert.equal(call.wrong, undefined, what);
}

/** A new call works within so many seconds. */
export async function assertWorks(caller: Caller, seconds: number): Promise<void> {
  let last: End | undefined;
  await eventually(
    'a new call works',
    async () => {
      last = await caller.ask(3_000);
      if (last.code === 0) return true;
      throw new Error(`${last.code} ${last.message}`);
    },
    { timeoutMs: (seconds + slack) * 1000, everyMs: 50 },
  );
}

/** Calls of somebody who has nothing to do with what is being hit: none of them may notice. */
export class Bystanders {
  readonly #caller: Caller;
  readonly #streams: OpenCall[];
  readonly #failures: string[] = [];
  readonly #done: Promise<void>;
  #calls = 0;
  #over = false;

  /** Begins once they can be served: what was hit before may still be coming back. */
  static async gather(caller: Caller): Promise<Bystanders> {
    await assertWorks(caller, recovery.bus);
    return new Bystanders(caller);
  }

  private constructor(caller: Caller) {
    this.#caller = caller;
    this.#streams = [caller.open('Echo'), caller.open('Flow')];
    this.#done = this.#run();
  }

  /** Ends them; throws when one has failed. */
  async stop(): Promise<void> {
    await eventually('bystanders were there', () => this.#calls > 10);
    this.#over = true;
    await this.#done;
    assert.deepEqual(this.#failures, []);
    await assertGoOn(this.#streams, 'a bystander');
    for (const stream of this.#streams) stream.cancel();
  }

  async #run(): Promise<void> {
    while (!this.#over) {
      const end = await this.#caller.ask(5_000);
      this.#calls += 1;
      if (end.code !== 0) this.#failures.push(`${end.code} ${end.message}`);
      await sleep(20);
    }
  }
}
