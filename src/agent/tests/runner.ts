import { setMaxListeners } from 'node:events';
import { stateName } from '../../../machines/state-name.js';
import type { TestSnapshot } from '../../../machines/test.js';
import { errorText, PosternError } from '../../errors.js';
import { joinAborts } from '../../joined-abort.js';
import type { Logger } from '../../log.js';
import type { DaemonAdapter, SendOutcome } from '../adapters/adapter.js';
import type { Journal } from '../journal/journal.js';
import { wallClock } from './clock.js';
import { imagePayloadOf, payloadHash, payloadOf } from './payload.js';
import { Receptions } from './receptions.js';
import { sendAll } from './sender.js';
import { readTestSpec, receivesAll, type TestSpec } from './spec.js';

/** A message that is not answered for so long counts as one of which nobody knows, milliseconds. */
const answerWithinMs = 30_000;
/** Whoever stops the agent waits no longer for these answers, milliseconds. */
const answersAtStopMs = 2_000;
/** A message waits so long for a daemon that does not serve at its time, milliseconds; then it was not sent. */
const serveWithinMs = 1_000;
/** So many messages of a test may wait for their answers. */
const mostOpen = 64;
/** And so many bytes of them, where that is fewer messages. */
const mostOpenBytes = 32 << 20;

/** What a runner needs. */
export interface RunnerOptions {
  readonly journal: Journal;
  /** What reaches the daemon for a test like this, when the daemon serves; rejects when the signal is aborted before. */
  readonly adapter: (spec: TestSpec, signal: AbortSignal) => Promise<DaemonAdapter>;
  /** Nothing goes on any more, and nothing will. */
  readonly ended: () => void;
  readonly log: Logger;
}

/** Does what the journal's test says now: receives while it goes on, sends while it runs, reads all in the end. */
export class TestRunner {
  readonly #options: RunnerOptions;
  readonly #spec: TestSpec;
  readonly #unhear: () => void;
  readonly #over = new AbortController();
  readonly #givenUp = new AbortController();
  #sending: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  #receptions: Receptions | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    // each message on its way hears it
    setMaxListeners(mostOpen + 8, this.#givenUp.signal);
    this.#spec = readTestSpec(options.journal.created.spec);
    this.#unhear = options.journal.onTransition((snapshot) => this.#follow(snapshot));
    this.#follow(options.journal.snapshot());
  }

  /** Sends nothing more; the test stays as it is in its journal. Resolves when nothing of it goes on, soon. */
  async stop(): Promise<void> {
    this.#unhear();
    this.#over.abort();
    this.#sending?.stop.abort();
    const timer = setTimeout(() => this.#givenUp.abort(), answersAtStopMs);
    await Promise.all([this.#sending?.done, this.#receptions?.stop()]);
    clearTimeout(timer);
    this.#options.ended();
  }

  #follow(snapshot: TestSnapshot): void {
    const state = stateName(snapshot);
    if (state !== 'running') this.#sending?.stop.abort();
    if (snapshot.status !== 'active') {
      void this.stop();
      return;
    }
    if (state === 'created') return;
    this.#receptions ??= this.#receive();
    if (state === 'running' && !receivesAll(this.#spec)) this.#sending ??= this.#send(snapshot);
    if (state === 'draining') this.#receptions?.draining(snapshot);
  }

  #receive(): Receptions | undefined {
    const spec = this.#spec;
    if (spec.type === 'call') return undefined;
    const { journal, log } = this.#options;
    const adapter = () => this.#options.adapter(spec, this.#over.signal);
    const all = receivesAll(spec);
    return new Receptions({ journal, group: { id: spec.group }, all, adapter, log });
  }

  #send({ context }: TestSnapshot): { readonly stop: AbortController; readonly done: Promise<void> } {
    const { journal, log } = this.#options;
    const { run, test, node } = journal.created;
    const { intervalMs, amount, size } = this.#spec;
    const make = this.#spec.type === 'media' ? imagePayloadOf : payloadOf;
    const stop = new AbortController();
    const done = sendAll(
      {
        schedule: { startAtMs: context.startAtMs ?? Date.now(), intervalMs, amount },
        from: context.lastSeq + 1,
        payload: (seq) => make({ run, test, from: node, seq }, size),
        send: (payload, signal, seq) => this.#sendOne(payload, signal, seq),
        answerWithinMs,
        givenUp: this.#givenUp.signal,
        mostOpen: Math.max(1, Math.min(mostOpen, Math.floor(mostOpenBytes / Math.max(1, size)))),
        log: {
          intend: ({ seq, due, payload }) =>
            journal.intend({ seq, due, size: payload.length, hash: payloadHash(payload) }),
          settled: (seq, outcome, times) =>
            journal.tell({ k: 'outcome', seq, ...times, ...resultOf(outcome) }),
          slipped: (slip) => journal.tell({ k: 'slip', ...slip }),
        },
        clock: wallClock,
      },
      stop.signal,
    )
      .then(() => (stop.signal.aborted ? undefined : journal.endSends()))
      .catch((thrown: unknown) => {
        // A test that was ended meanwhile takes nothing more; what became of its disk it tells itself.
        if (!stop.signal.aborted) log.warn({ run, test, err: errorText(thrown) }, 'a test stopped sending');
      });
    return { stop, done };
  }

  async #sendOne(payload: Uint8Array, signal: AbortSignal, seq: number): Promise<SendOutcome> {
    const spec = this.#spec;
    const soon = joinAborts([signal], serveWithinMs);
    let adapter: DaemonAdapter;
    try {
      adapter = await this.#options.adapter(spec, soon.signal);
    } catch (thrown) {
      const code = thrown instanceof PosternError ? thrown.code : 'DAEMON_UNREACHABLE';
      return { outcome: 'fail', code, message: errorText(thrown), wasOffered: false };
    } finally {
      soon.release();
    }
    if (spec.type === 'media') {
      const { test, node } = this.#options.journal.created;
      const image = { name: `${test}-${node}-${seq}.png`, bytes: payload };
      return adapter.sendImage({ id: spec.group }, image, signal);
    }
    return adapter.send({ id: spec.type === 'call' ? '' : spec.group }, payload, signal);
  }
}

function resultOf(outcome: SendOutcome): {
  readonly result: SendOutcome['outcome'];
  readonly id?: string;
  readonly code?: string;
  readonly message?: string;
} {
  if (outcome.outcome === 'ok') return { result: 'ok', id: outcome.id.slice(0, 256) };
  const { outcome: result, code, message } = outcome;
  return { result, code: code.slice(0, 64), message: message.slice(0, 512) };
}
