import { transition } from 'xstate';
import { type RunEvent, type RunSnapshot, runMachine, stateName } from '../../../machines/run.js';
import type { Transition } from '../../bus/messages.js';
import { subjects } from '../../bus/subjects.js';
import { errorText, PosternError } from '../../errors.js';
import { InTurn } from '../../in-turn.js';
import type { RunContextOf } from '../steps/context.js';
import { StepOver, Superseded } from '../steps/step.js';
import type { RunChange, RunLedger } from './ledger.js';
import { type RunActor, startRunActor } from './run-actor.js';
import { RunSteps } from './run-steps.js';

/** An event as a step tells it: when it happened is added. */
export type Told = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'atMs'> : never) : never;

/** What a run waits for is told again after so long, and another such thing not sooner than that, milliseconds. */
const [waitingAgainMs, waitingLeastMs] = [2_000, 500];

/** What a conductor needs beside what steps need. */
export interface ConductorOptions {
  readonly context: RunContextOf;
  readonly ledger: RunLedger;
  /** Takes all that the run's machine tells of itself. */
  readonly publish: (transition: Transition) => void;
  /** Told once when it conducts no more, whatever the reason. */
  readonly over: () => void;
}

/**
 * Takes one run from where it is to its end: does the step of the state that its machine is in, writes down what came of it,
 * then tells the machine. Whoever takes the run over reads what was written and goes on from there.
 */
export class Conductor {
  readonly #options: ConductorOptions;
  readonly #actor: RunActor;
  readonly #steps: RunSteps;
  readonly #turns = new InTurn();
  readonly #life = new AbortController();
  #step: AbortController | undefined;
  #trouble: string | undefined;
  #toldWaitingAt = Number.NEGATIVE_INFINITY;
  #isOver = false;

  constructor(options: ConductorOptions) {
    this.#options = options;
    const { context } = options;
    const { run, now, log } = context;
    const told = (event: () => Told) => () => this.#tell(event());
    this.#actor = startRunActor({
      run,
      startedAtMs: context.startedAtMs,
      effects: {
        giveUp: told(() => ({ type: 'STUCK', step: this.#state, message: this.#whyStuck() })),
        endSends: told(() => ({ type: 'SENT' })),
        endSettling: told(() => ({ type: 'SETTLED' })),
        endCollecting: told(() => ({ type: 'COLLECTED' })),
        endStopping: told(() => ({ type: 'QUIET' })),
      },
      publish: options.publish,
      now,
      log,
    });
    this.#steps = new RunSteps(context, this.#life.signal);
  }

  /** Takes the run up where it is. */
  start(): void {
    for (const event of this.#options.ledger.entry.events) this.#actor.send(event);
    this.#actor.onTransition((_, snapshot) => this.#follow(snapshot));
    this.#actor.live();
    this.#follow(this.#actor.snapshot());
  }

  /** Somebody may have asked to end the run. */
  look(): void {
    const { stop } = this.#options.ledger.entry;
    const { aborted } = this.#actor.snapshot().context;
    if (stop !== undefined && aborted === undefined) {
      this.#tell({ type: 'ABORTED', by: stop.by, reason: stop.reason });
    }
  }

  /** Does nothing more, now. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#actor.stop();
    this.#step?.abort(new Superseded('the run is conducted no more'));
    this.#life.abort(new Superseded('the run is conducted no more'));
    this.#options.over();
  }

  get #state(): string {
    return stateName(this.#actor.snapshot());
  }

  #whyStuck(): string {
    return (this.#trouble ?? 'it took too long').slice(0, 2_048);
  }

  #follow(snapshot: RunSnapshot): void {
    this.#step?.abort(new StepOver('the run is in another state'));
    if (snapshot.status !== 'active') {
      this.stop();
      return;
    }
    const step = new AbortController();
    this.#step = step;
    this.#trouble = undefined;
    this.#do(snapshot, step.signal).catch((thrown: unknown) => this.#failed(thrown, step.signal));
    this.look();
  }

  async #do(snapshot: RunSnapshot, signal: AbortSignal): Promise<void> {
    const life = {
      signal,
      trouble: (text: string | undefined) => {
        this.#tellWaiting(text);
        this.#trouble = text;
      },
    };
    const done = await this.#steps.do(stateName(snapshot), snapshot.context, life, (event) =>
      this.#record(event),
    );
    if (done !== undefined) await this.#record(done.event, done.change);
  }

  /** Those who watch hear what it waits for; again and again, as they come and go. */
  #tellWaiting(text: string | undefined): void {
    const since = performance.now() - this.#toldWaitingAt;
    if (since < (text === this.#trouble ? waitingAgainMs : waitingLeastMs) && text !== undefined) return;
    if (text === undefined && this.#trouble === undefined) return;
    this.#toldWaitingAt = performance.now();
    const { bus, run, now } = this.#options.context;
    const waitsFor = (text ?? '').slice(0, 2_048);
    bus.publish(subjects.runProgress, { run }, { v: 1, atMs: now(), waitsFor, nodes: [], faults: [] });
  }

  #failed(thrown: unknown, signal: AbortSignal): void {
    if (signal.aborted || this.#isOver) return;
    if (thrown instanceof Superseded) {
      this.#options.context.log.info({ run: this.#options.context.run }, errorText(thrown));
      this.stop();
      return;
    }
    const expected = thrown instanceof PosternError;
    if (!expected) this.#options.context.log.error({ err: thrown }, 'a step of a run failed');
    const message = `${expected ? '' : 'a defect: '}${errorText(thrown)}`.slice(0, 2_048);
    this.#tell({ type: 'STUCK', step: this.#state, message });
  }

  #tell(event: Told): void {
    this.#record(event).catch((thrown: unknown) => {
      if (!this.#isOver) this.#options.context.log.debug({ err: errorText(thrown) }, 'an event was not told');
    });
  }

  /** Writes an event down, then tells the machine; one that the state does not take is left out. */
  #record(told: Told, change: RunChange = {}): Promise<void> {
    const event: RunEvent = { ...told, atMs: this.#options.context.now() };
    return this.#turns.run(async () => {
      const before = this.#actor.snapshot();
      if (this.#isOver || !before.can(event)) return;
      const [after] = transition(runMachine, before, event);
      await this.#options.ledger.change(
        (entry) => ({
          ...change,
          events: [...entry.events, event],
          phases: [...entry.phases, ...phaseOf(before, after, event)],
          ...endOf(after, event, change),
        }),
        this.#life.signal,
      );
      this.#actor.send(event);
    });
  }
}

function phaseOf(before: RunSnapshot, after: RunSnapshot, { atMs }: RunEvent) {
  const state = stateName(after);
  return state === stateName(before) ? [] : [{ state, sinceMs: atMs }];
}

/** What the entry of a run says that is over. */
function endOf({ status, context }: RunSnapshot, { atMs, type }: RunEvent, change: RunChange): RunChange {
  if (status === 'active') return {};
  const why = [
    context.stuck?.message,
    context.aborted && `aborted by ${context.aborted.by}: ${context.aborted.reason}`,
  ];
  const reasons = change.reasons ?? why.flatMap((text) => (text === undefined ? [] : [text.slice(0, 1_024)]));
  return {
    endedAtMs: atMs,
    reasons,
    ...(type === 'REFUSED' ? {} : { verdict: context.verdict ?? 'unknown' }),
  };
}
