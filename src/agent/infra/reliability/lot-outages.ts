import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { type ReliabilityContext, reliabilityMachine } from '../../../../machines/reliability.js';
import { stateName } from '../../../../machines/state-name.js';
import { safeEffects } from '../../../actors/effects.js';
import { type RunningActor, startActor } from '../../../actors/host.js';
import type { Transition } from '../../../bus/messages.js';
import { errorText, PosternError } from '../../../errors.js';
import { InTurn } from '../../../in-turn.js';
import type { Logger } from '../../../log.js';
import { Lot } from '../../../lot.js';
import { readPrivateFile, replacePrivateFile } from '../../../private-file.js';
import type { ReliabilityPart } from '../parts.js';
import { type OutageFaults, Outages } from './outages.js';
import { type ReliabilityPage, readReliability, reliabilityPage } from './setting.js';

/** gRPC status of what is thrown here. */
export const reliabilityStatuses: Readonly<Record<string, status>> = {
  RELIABILITY_INVALID: status.INVALID_ARGUMENT,
  DATA_UNUSABLE: status.RESOURCE_EXHAUSTED,
  STOPPED: status.UNAVAILABLE,
};

/** The shortest outage, milliseconds: where its draw was late. */
const shortestMs = 100;

/** A lot that was drawn, for whoever looks at results. */
export interface DrawnLot {
  /** Which one of its setting, from 1. */
  readonly draw: number;
  readonly hit: boolean;
  readonly odds: number;
  readonly timeoutMs: number;
  readonly seed: string;
}

/** What outages by lot need. */
export interface LotOutagesOptions {
  /** The agent's own directory. */
  readonly directory: string;
  readonly node: string;
  /** Id of this run of the agent. */
  readonly boot: string;
  /** What all draws follow from; undefined: each setting makes one of its own. */
  readonly seed: string | undefined;
  readonly faults: OutageFaults;
  /** Records a draw. Never throws. */
  readonly record: (lot: DrawnLot) => void;
  readonly publish: (transition: Transition) => void;
  readonly log: Logger;
}

/** Outages by lot: runs their machine, draws, and keeps on disk what the next agent has to know. */
export class LotOutages implements ReliabilityPart {
  readonly #options: LotOutagesOptions;
  readonly #outages: Outages;
  readonly #actor: RunningActor<typeof reliabilityMachine>;
  readonly #turns = new InTurn();
  #page: ReliabilityPage;
  #lot: Lot;
  #closed = false;

  private constructor(page: ReliabilityPage, options: LotOutagesOptions) {
    const { node, boot, faults, log, publish } = options;
    const id = `${node}.${boot}`;
    this.#options = options;
    this.#page = page;
    this.#lot = lotAt(page, node);
    this.#outages = new Outages({ faults, doer: `reliability/${id}`, log });
    const effects = safeEffects(log, {
      draw: () => void this.#turns.run(() => this.#draw()),
      cut: ({ dueMs }: ReliabilityContext) => void this.#cut(dueMs),
      mend: () => void this.#turns.run(() => this.#outages.end()),
    });
    this.#actor = startActor({
      machine: reliabilityMachine.provide({
        actions: {
          draw: ({ context }) => effects.draw(context),
          cut: ({ context }) => effects.cut(context),
          mend: ({ context }) => effects.mend(context),
        },
        delays: {
          untilDraw: ({ context: { dueMs, timeoutMs } }) =>
            Math.min(timeoutMs, Math.max(0, dueMs - Date.now())),
        },
      }),
      machineName: 'reliability',
      id,
      input: undefined,
      publish: (transition) => {
        const { from, to, event, context } = transition;
        log[to === 'unable' ? 'warn' : 'info']({ from, to, event, ...context }, 'reliability');
        publish(transition);
      },
      changed: ({ context: before }, { context: after }) => before.by !== after.by,
      context: ({ context }) => ({ ...context }),
      log,
    });
  }

  /** Takes up what an earlier agent was told: its next draw is the one after the last. */
  static async open(options: LotOutagesOptions): Promise<LotOutages> {
    const one = new LotOutages(await readPage(options), options);
    if (one.#page.setting !== undefined) {
      await one.#tellLimits();
      one.#tellSetting();
    }
    return one;
  }

  get state(): string {
    return stateName(this.#actor.snapshot());
  }

  /** When its actor began, Unix time in milliseconds. */
  get bornMs(): number {
    return this.#actor.bornMs;
  }

  /**
   * As `ReliabilityPart.set`: the same once more changes nothing, another setting begins with the first draw of its seed.
   * Resolves when an outage of before has ended. `doer` is at whose wish, as `machine/id`. Throws `RELIABILITY_INVALID`,
   * `DATA_UNUSABLE`, `STOPPED`.
   */
  async set(asked: { readonly timeoutSeconds: number; readonly odds: number }, doer?: string): Promise<void> {
    const wanted = readReliability(asked, this.#options.faults.longestMs);
    await this.#turns.run(async () => {
      if (this.#closed) throw new PosternError('STOPPED', 'the agent stops');
      const { setting } = this.#page;
      if (wanted?.odds === setting?.odds && wanted?.timeoutMs === setting?.timeoutMs) return;
      await this.#save(pageOf(wanted, this.#options.seed));
      this.#lot = lotAt(this.#page, this.#options.node);
      if (wanted !== undefined) await this.#tellLimits();
      this.#tellSetting(doer);
    });
    await this.#turns.run(async () => {});
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#actor.send({ type: 'STOP' });
    this.#actor.stop();
    await this.#turns.run(async () => {});
  }

  #tellSetting(doer?: string): void {
    const { setting, drawn, hits, lastMs } = this.#page;
    if (setting === undefined) {
      this.#actor.send({ type: 'SWITCHED_OFF' }, doer);
      return;
    }
    const { timeoutMs, odds, seed } = setting;
    const now = Date.now();
    const dueMs = Math.min(now + timeoutMs, Math.max(now, lastMs + timeoutMs));
    this.#actor.send({ type: 'SET', timeoutMs, odds, lotsOf: seed, drawn, hits, dueMs }, doer);
  }

  /** What the network of a node going away cannot mean here is told when it is set, and not only when it goes. */
  async #tellLimits(): Promise<void> {
    const { why } = await this.#outages.kinds();
    if (why === undefined) return;
    this.#options.log.warn({ why }, 'outages cut this agent from its hub, and not this machine from others');
  }

  async #draw(): Promise<void> {
    const { setting, drawn, hits } = this.#page;
    if (setting === undefined || this.state !== 'drawing') return;
    const { odds, timeoutMs, seed } = setting;
    const hit = this.#lot.oneIn(odds);
    const number = drawn + 1;
    const atMs = Date.now();
    try {
      await this.#save({ ...this.#page, drawn: number, hits: hits + (hit ? 1 : 0), lastMs: atMs });
    } catch (thrown) {
      this.#lot = lotAt(this.#page, this.#options.node);
      this.#actor.send({ type: 'DRAW_FAILED', ...errorOf(thrown), atMs });
      return;
    }
    this.#options.record({ draw: number, hit, odds, timeoutMs, seed });
    this.#actor.send({ type: 'DRAWN', number, hit, atMs });
  }

  async #cut(dueMs: number): Promise<void> {
    const { setting, drawn } = this.#page;
    if (setting === undefined) return;
    const isMeant = () =>
      this.state === 'out' && this.#page.drawn === drawn && this.#page.setting === setting;
    try {
      const forMs = Math.max(shortestMs, dueMs - Date.now());
      const faults = await this.#turns.run(async () =>
        isMeant() ? await this.#outages.arm(`${drawn}-${setting.name}`, forMs) : [],
      );
      if (faults.length === 0) return;
      const by = await this.#outages.begun(faults);
      if (isMeant()) this.#actor.send({ type: 'OUTAGE_BEGUN', by });
    } catch (thrown) {
      if (isMeant()) this.#actor.send({ type: 'OUTAGE_REFUSED', ...errorOf(thrown) });
    }
  }

  async #save(page: ReliabilityPage): Promise<void> {
    await replacePrivateFile(pathIn(this.#options.directory), JSON.stringify(page));
    this.#page = page;
  }
}

function pageOf(
  wanted: { readonly timeoutMs: number; readonly odds: number } | undefined,
  seed: string | undefined,
): ReliabilityPage {
  const now = Date.now();
  const nothing = { v: 1 as const, drawn: 0, hits: 0, lastMs: now };
  if (wanted === undefined) return nothing;
  const made = seed ?? randomBytes(9).toString('base64url');
  return { ...nothing, setting: { ...wanted, name: now.toString(36), seed: made } };
}

/** The draws of a setting behind those that were made: as those of a run whose first fault has this seed. */
function lotAt({ setting, drawn }: ReliabilityPage, node: string): Lot {
  const lot = new Lot(setting?.seed ?? '', 'odds', 0, node);
  for (let i = 0; i < drawn; i += 1) lot.oneIn(setting?.odds ?? 1);
  return lot;
}

async function readPage({ directory, log }: LotOutagesOptions): Promise<ReliabilityPage> {
  const path = pathIn(directory);
  try {
    const text = await readPrivateFile(path);
    return text === undefined ? pageOf(undefined, undefined) : reliabilityPage.parse(JSON.parse(text));
  } catch (thrown) {
    log.error(
      { path, err: errorText(thrown) },
      'how reliable this node shall be cannot be read: no lots are drawn',
    );
    return pageOf(undefined, undefined);
  }
}

function pathIn(directory: string): string {
  return join(directory, 'reliability.json');
}

function errorOf(thrown: unknown): { code: string; message: string } {
  const code = thrown instanceof PosternError ? thrown.code : 'OUTAGE_FAILED';
  return { code, message: errorText(thrown) };
}
