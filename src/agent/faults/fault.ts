import { z } from 'zod';
import type { FaultEvent, FaultSnapshot } from '../../../machines/fault.js';
import { stateName } from '../../../machines/state-name.js';
import type { Transition } from '../../bus/messages.js';
import { errorText, PosternError } from '../../errors.js';
import { InTurn } from '../../in-turn.js';
import type { Logger } from '../../log.js';
import { type FaultActor, startFaultActor } from './fault-actor.js';
import type { Healed, Injection } from './injection.js';
import { type FaultPlan, faultPlan, timesOf } from './plan.js';

const atMs = z.number();
const text = z.string();
/** What is known of a fault, as it is on disk. */
export const faultPage = z.object({
  v: z.literal(1),
  plan: faultPlan,
  /** What has happened to it, in order. */
  past: z.array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('ARMED'), atMs }),
      z.object({ type: z.literal('BEGUN'), atMs }),
      z.object({ type: z.literal('REFUSED'), code: text, message: text }),
      z.object({ type: z.literal('INJECTED'), by: text, atMs }),
      z.object({ type: z.literal('HEAL_ASKED') }),
      z.object({
        type: z.literal('HEALED'),
        atMs,
        code: text.exactOptional(),
        message: text.exactOptional(),
      }),
    ]),
  ),
  /** Packets that it has dropped. */
  dropped: z.number().nonnegative(),
});
export type FaultPage = z.infer<typeof faultPage>;
type Past = FaultPage['past'][number];

/** A fact that whoever judges a run must know of. */
export interface FaultFact {
  readonly phase: 'injected' | 'healed' | 'refused' | 'missed';
  /** When, Unix milliseconds of this machine's clock. */
  readonly atMs: number;
  /** By what it acts or acted; empty: it never did. */
  readonly by: string;
  /** Why it is not as planned. */
  readonly why: { readonly code: string; readonly message: string } | undefined;
}

/** What a fault needs of its surroundings. */
export interface FaultSurroundings {
  readonly node: string;
  /** Makes ready for it; gives what says that it is over. Never rejects. */
  prepare(plan: FaultPlan): Promise<() => void>;
  /** Makes it act. Rejects where it cannot. */
  inject(plan: FaultPlan, endsAtMs: number): Promise<Injection>;
  /** Undoes what an earlier agent has done, where that is still there. */
  undoLeft(plan: FaultPlan): Promise<Healed>;
  /** Makes its page safe on disk. */
  save(page: FaultPage): Promise<void>;
  /** Records a fact, in the journals of the run's tests. Never rejects. */
  note(fault: NodeFault, fact: FaultFact): Promise<void>;
  readonly publish: (transition: Transition) => void;
  readonly log: Logger;
}

/** One fault of this node: its machine, what is on disk of it, and what it does. */
export class NodeFault {
  readonly plan: FaultPlan;
  readonly #around: FaultSurroundings;
  readonly #actor: FaultActor;
  readonly #turns = new InTurn();
  #past: readonly Past[] = [];
  #injection: Injection | undefined;
  /** What was made ready for it is not needed any more. */
  #release: () => void = () => {};
  #dropped: number;

  /** A fault with its past; it does nothing before `live`. */
  constructor({ plan, past, dropped }: Omit<FaultPage, 'v'>, around: FaultSurroundings) {
    this.plan = plan;
    this.#around = around;
    this.#dropped = dropped;
    const { run, fault, kind } = plan;
    this.#actor = startFaultActor({
      input: { run, fault, kind, ...timesOf(plan) },
      node: around.node,
      effects: {
        prepare: () => void this.#prepare(),
        begin: () => void this.#tell({ type: 'BEGUN', atMs: Date.now() }),
        inject: () => void this.#inject(),
        undo: () => void this.#undo(),
      },
      publish: around.publish,
      now: Date.now,
      log: around.log,
    });
    for (const event of past) this.#actor.send(event);
    this.#past = past;
    this.#actor.onTransition(({ to, atMs: at }) => {
      if (this.isOver) this.#release();
      const { why } = this.snapshot().context;
      if (to === 'missed') void around.note(this, { phase: 'missed', atMs: at, by: '', why });
    });
  }

  /** When its actor began in this process, Unix time in milliseconds. */
  get bornMs(): number {
    return this.#actor.bornMs;
  }

  snapshot(): FaultSnapshot {
    return this.#actor.snapshot();
  }

  get state(): string {
    return stateName(this.snapshot());
  }

  /** It has ended, one way or the other. */
  get isOver(): boolean {
    return this.snapshot().status !== 'active';
  }

  /** It acts, or may act. */
  get acts(): boolean {
    return ['injecting', 'injected', 'healing', 'stuck'].some((state) => this.state.startsWith(state));
  }

  /** Hears each state that it comes to. */
  onTransition(listener: () => void): () => void {
    return this.#actor.onTransition(listener);
  }

  /** Its timers run from now on; what an earlier agent has left of it is undone. */
  live(): void {
    this.#actor.live();
    if (this.acts) this.#actor.send({ type: 'BOOTED' });
  }

  /**
   * It is known; from now on it comes by itself. `doer` is the actor at whose wish, as `machine/id`. Rejects when it cannot
   * be made safe on disk.
   */
  arm(
    refusal: { readonly code: string; readonly message: string } | undefined,
    doer: string | undefined,
  ): Promise<void> {
    if (refusal !== undefined) return this.#tell({ type: 'REFUSED', ...refusal });
    return this.#tell({ type: 'ARMED', atMs: Date.now() }, doer);
  }

  /** Ends it, or takes it back. */
  heal(doer: string | undefined): Promise<void> {
    return this.#tell({ type: 'HEAL_ASKED' }, doer);
  }

  /** Packets that it has dropped. */
  async dropped(): Promise<number> {
    this.#dropped = (await this.#injection?.dropped?.().catch(() => undefined)) ?? this.#dropped;
    return this.#dropped;
  }

  /** Ends the machine; what acts goes on acting. */
  async stop(): Promise<void> {
    this.#actor.stop();
    this.#release();
    await this.#turns.run(async () => {});
  }

  async #prepare(): Promise<void> {
    const release = await this.#around.prepare(this.plan);
    if (this.isOver) release();
    else this.#release = release;
  }

  async #inject(): Promise<void> {
    const { startAtMs, forMs } = timesOf(this.plan);
    try {
      this.#injection = await this.#around.inject(this.plan, startAtMs + forMs);
    } catch (thrown) {
      const code = thrown instanceof PosternError ? thrown.code : 'FAULT_FAILED';
      await this.#tell({ type: 'REFUSED', code, message: errorText(thrown) });
      return;
    }
    const { by, atMs: at } = this.#injection;
    await this.#tell({ type: 'INJECTED', by, atMs: at });
  }

  async #undo(): Promise<void> {
    const injection = this.#injection;
    try {
      if (injection !== undefined) await this.dropped();
      const healed = await (injection === undefined ? this.#around.undoLeft(this.plan) : injection.heal());
      this.#injection = undefined;
      const { atMs: at, code, message } = healed;
      await this.#tell({
        type: 'HEALED',
        atMs: at,
        ...(code === undefined ? {} : { code }),
        ...(message === undefined ? {} : { message }),
      });
    } catch (thrown) {
      const code = thrown instanceof PosternError ? thrown.code : 'HEAL_FAILED';
      const { run, fault } = this.plan;
      this.#around.log.warn({ run, fault, code, err: errorText(thrown) }, 'a fault was not undone');
      this.#actor.send({ type: 'HEAL_FAILED', code, message: errorText(thrown) });
    }
  }

  /** Records what happened, in the journals and on disk, and tells the machine. */
  #tell(event: Past, doer?: string): Promise<void> {
    return this.#turns.run(async () => {
      const told: FaultEvent = event;
      if (this.isOver || !this.snapshot().can(told)) return;
      await this.#note(event);
      const past = [...this.#past, event];
      try {
        await this.#around.save({ v: 1, plan: this.plan, past, dropped: this.#dropped });
        this.#past = past;
      } catch (thrown) {
        const { run, fault } = this.plan;
        this.#around.log.error({ run, fault, err: errorText(thrown) }, 'a fault is not on disk');
        if (event.type === 'ARMED') throw thrown;
        // What was done is so, recorded or not; but nothing is begun that is not.
        if (event.type === 'BEGUN') {
          this.#actor.send({ type: 'REFUSED', code: 'DATA_UNUSABLE', message: errorText(thrown) });
          return;
        }
      }
      this.#actor.send(told, doer);
    });
  }

  async #note(event: Past): Promise<void> {
    const { note } = this.#around;
    const { by = '' } = this.snapshot().context;
    if (event.type === 'INJECTED') {
      await note(this, { phase: 'injected', atMs: event.atMs, by: event.by, why: undefined });
    } else if (event.type === 'HEALED') {
      const { code, message = '' } = event;
      const why = code === undefined ? undefined : { code, message };
      await note(this, { phase: 'healed', atMs: event.atMs, by, why });
    } else if (event.type === 'REFUSED') {
      await note(this, { phase: 'refused', atMs: Date.now(), by: '', why: event });
    }
  }
}
