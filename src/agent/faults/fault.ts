import { type FaultEvent, type FaultSnapshot, soundingUntil } from '../../../machines/fault.js';
import { stateName } from '../../../machines/state-name.js';
import { errorText, PosternError } from '../../errors.js';
import { shapeWords } from '../../fault-words.js';
import { InTurn } from '../../in-turn.js';
import { type FaultActor, startFaultActor } from './fault-actor.js';
import type { FaultPage, Past } from './fault-page.js';
import type { FaultSurroundings } from './fault-surroundings.js';
import type { Injection } from './injection.js';
import { type FaultPlan, timesOf } from './plan.js';
import { FaultProof } from './proof/fault-proof.js';
import type { Proof } from './proof/judging.js';
import type { FaultSight } from './proof/observed.js';

/** What an agent tells of faults of those before it that had no canaries. */
const unlooked: Proof = { outcome: 'inconclusive', reason: 'the agent that did it looked at nothing' };

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
  readonly #canaries: FaultProof;
  /** As it is on disk. */
  #proof: Proof | undefined;

  /** A fault with its past; it does nothing before `live`. */
  constructor(page: Omit<FaultPage, 'v'>, around: FaultSurroundings) {
    const { plan, past, dropped, sights } = page;
    this.plan = plan;
    this.#around = around;
    this.#dropped = dropped;
    this.#canaries = new FaultProof(() => around.proving(plan), sights, around.log);
    this.#proof = page.proof;
    const { run, fault, kind } = plan;
    const shape = shapeWords(kind, plan.shape).join(', ');
    this.#actor = startFaultActor({
      input: { run, fault, kind, shape, ...timesOf(plan) },
      node: around.node,
      effects: {
        prepare: () => void this.#prepare(),
        begin: () => void this.#tell({ type: 'BEGUN', atMs: Date.now() }),
        inject: () => void this.#inject(),
        undo: () => void this.#undo(),
        sound: () => void this.#sound(),
        watch: () => void this.#canaries.watch(this.#endsAtMs),
        unwatch: () => this.#canaries.rest(),
        check: () => void this.#check(),
      },
      publish: around.publish,
      now: Date.now,
      log: around.log,
    });
    for (const event of past) this.#actor.send(event);
    this.#past = past;
    const told = page.proof ?? (past.length > 0 && sights === undefined ? unlooked : undefined);
    if (told !== undefined) this.#actor.send({ type: 'PROVEN', ...told });
    this.#actor.onTransition(({ to, atMs: at }) => {
      if (this.isOver) this.#release();
      const { why, proof } = this.snapshot().context;
      if (to === 'missed') void around.note(this.plan, { phase: 'missed', atMs: at, by: '', why });
      if (to === 'healed' && proof !== undefined && this.#proof === undefined) void this.#keep(proof);
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

  /** It was to come by itself: something was done of it, or may have been. */
  get wasArmed(): boolean {
    return this.#past.some(({ type }) => type === 'ARMED');
  }

  /** It acts, or may act. */
  get acts(): boolean {
    return ['injecting', 'injected', 'healing', 'stuck'].some((state) => this.state.startsWith(state));
  }

  /** What canaries have shown of it, and what they saw; undefined: nothing yet. */
  get proof(): (Proof & { readonly sights: FaultSight[] }) | undefined {
    const { proof } = this.snapshot().context;
    return proof === undefined ? undefined : { ...proof, sights: this.#canaries.sights };
  }

  /** Hears each state that it comes to. */
  onTransition(listener: () => void): () => void {
    return this.#actor.onTransition(listener);
  }

  /** Its timers run from now on; what an earlier agent has left of it is undone. */
  live(): void {
    this.#actor.live();
    if (this.acts || this.state === 'checking') this.#actor.send({ type: 'BOOTED' });
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
    this.#canaries.rest();
    if (this.state === 'checking') {
      await this.#prove({
        outcome: 'inconclusive',
        reason: 'the agent was stopped before it could be proven',
      });
    }
    this.#actor.stop();
    this.#release();
    await this.#turns.run(async () => {});
  }

  get #endsAtMs(): number {
    const { startAtMs, forMs } = timesOf(this.plan);
    return startAtMs + forMs;
  }

  async #sound(): Promise<void> {
    await this.#canaries.sound(soundingUntil(timesOf(this.plan), Date.now()));
    this.#actor.send({ type: 'SOUNDED' });
  }

  async #check(): Promise<void> {
    const proof = await this.#canaries.check((sinceMs) => this.#around.meanwhile(this.plan, sinceMs));
    if (proof !== undefined) await this.#prove(proof);
  }

  async #prove(proof: Proof): Promise<void> {
    if (this.#proof !== undefined || this.state !== 'checking') return;
    await this.#keep(proof);
    this.#actor.send({ type: 'PROVEN', ...proof });
  }

  /** Records what canaries have shown, in the journals and on disk. */
  #keep(proof: Proof): Promise<void> {
    return this.#turns.run(async () => {
      this.#proof = proof;
      const { by = '' } = this.snapshot().context;
      await this.#around.note(this.plan, { phase: 'proven', atMs: Date.now(), by, why: undefined, proof });
      try {
        await this.#save(this.#past);
      } catch (thrown) {
        const { run, fault } = this.plan;
        this.#around.log.error({ run, fault, err: errorText(thrown) }, 'a proof is not on disk');
      }
    });
  }

  async #save(past: readonly Past[]): Promise<void> {
    await this.#around.save({
      v: 1,
      plan: this.plan,
      past: [...past],
      dropped: this.#dropped,
      sights: this.#canaries.sights,
      ...(this.#proof === undefined ? {} : { proof: this.#proof }),
    });
  }

  async #prepare(): Promise<void> {
    const release = await this.#around.prepare(this.plan);
    if (this.isOver) release();
    else this.#release = release;
  }

  async #inject(): Promise<void> {
    try {
      this.#injection = await this.#around.inject(this.plan, this.#endsAtMs);
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
        await this.#save(past);
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
      await note(this.plan, { phase: 'injected', atMs: event.atMs, by: event.by, why: undefined });
    } else if (event.type === 'HEALED') {
      const { code, message = '' } = event;
      const why = code === undefined ? undefined : { code, message };
      await note(this.plan, { phase: 'healed', atMs: event.atMs, by, why });
    } else if (event.type === 'REFUSED') {
      await note(this.plan, { phase: 'refused', atMs: Date.now(), by: '', why: event });
    }
  }
}
