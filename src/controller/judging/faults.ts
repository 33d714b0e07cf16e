import { t0OfFault } from '../plan/fault-times.js';
import type { Plan, PlannedFault } from '../plan/plan.js';
import type { Clocks } from './clocks.js';
import type { FaultFact, FaultJudgement, RunFacts, ToldProof } from './judgement.js';

/** A fault that lasted less than this part of its time did not do what was planned. */
const leastPart = 0.5;

/** What the journals of a node say of a fault. */
interface Noted {
  readonly phases: Set<string>;
  injectedAt?: number;
  healedAt?: number;
  by?: string;
  reason?: string;
  proof?: ToldProof | undefined;
}

/** A fault with the time in which it acted. */
export interface ActedFault {
  readonly planned: PlannedFault;
  /** By the controller's clock. Infinite: it never did, or its end was not told. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly judgement: Omit<FaultJudgement, 'convergenceMs'>;
}

/** Collects what nodes tell of their faults in journals, beside what the controller was told. */
export class Faults {
  readonly #planned: ReadonlyMap<string, PlannedFault>;
  readonly #noted = new Map<string, Noted>();

  constructor(plan: Plan) {
    this.#planned = new Map(plan.faults.map((fault) => [fault.fault, fault]));
  }

  /** A note of the topic `fault`. Each journal of the node has it. */
  hear(node: string, data: Readonly<Record<string, unknown>>): void {
    const { fault, phase, at, by, reason, outcome } = data;
    if (typeof fault !== 'string' || typeof phase !== 'string') return;
    if (this.#planned.get(fault)?.node !== node) return;
    const noted: Noted = this.#noted.get(fault) ?? { phases: new Set() };
    this.#noted.set(fault, noted);
    noted.phases.add(phase);
    if (phase === 'injected' && typeof at === 'number') noted.injectedAt ??= at;
    if (phase === 'healed' && typeof at === 'number') noted.healedAt ??= at;
    if (typeof by === 'string' && by !== '') noted.by ??= by;
    if (phase === 'proven') noted.proof ??= toldProof(outcome, reason);
    else if (typeof reason === 'string') noted.reason ??= reason;
  }

  /** All planned faults as they were. */
  judge(facts: RunFacts, clocks: Clocks): ActedFault[] {
    return facts.plan.faults.map((planned) => {
      const { fault, node, kind, atMs, forMs } = planned;
      const t0 = t0OfFault(planned, facts.t0) ?? facts.startedAtMs;
      const fact = Object.hasOwn(facts.faults, fault) ? facts.faults[fault] : undefined;
      const noted = this.#noted.get(fault);
      const offset = clocks.offset(node);
      const injected = fact?.injectedAtMs ?? noted?.injectedAt;
      const healed = fact?.healedAtMs ?? noted?.healedAt;
      const by = [fact?.by, noted?.by].find((told) => told !== undefined && told !== '');
      const sights = (fact?.sights ?? []).map((one) => ({
        ...one,
        fromMs: one.fromMs + offset,
        toMs: one.toMs + offset,
      }));
      const proof = proofOf(planned, { fact, noted, injected, healed, by });
      return {
        planned,
        fromMs: injected === undefined ? Number.POSITIVE_INFINITY : injected + offset,
        toMs: healed === undefined ? Number.POSITIVE_INFINITY : healed + offset,
        judgement: {
          fault,
          node,
          kind,
          plannedFromMs: t0 + atMs,
          plannedToMs: t0 + atMs + forMs,
          ...(injected === undefined ? {} : { injectedAtMs: injected + offset }),
          ...(healed === undefined ? {} : { healedAtMs: healed + offset }),
          ...(by === undefined ? {} : { by }),
          ...proof,
          ...(sights.length === 0 ? {} : { sights }),
        },
      };
    });
  }
}

/** What nodes told of faults, without what the judgement of each says again. */
export function plainFacts(faults: RunFacts['faults']): RunFacts['faults'] {
  return Object.fromEntries(
    Object.entries(faults).map(([name, { proof: _, sights: __, ...fact }]) => [name, fact]),
  );
}

function proofOf(
  { forMs }: PlannedFault,
  told: {
    readonly fact: FaultFact | undefined;
    readonly noted: Noted | undefined;
    readonly injected: number | undefined;
    readonly healed: number | undefined;
    readonly by: string | undefined;
  },
): Pick<FaultJudgement, 'proof' | 'reason'> {
  const { fact, noted, injected, healed, by } = told;
  const why = fact?.reason ?? noted?.reason;
  const because = why === undefined ? '' : `: ${why}`;
  const mismatch = (reason: string) => ({ proof: 'mismatch' as const, reason });
  const inconclusive = (reason: string) => ({ proof: 'inconclusive' as const, reason });
  if (injected === undefined) {
    if (fact === undefined && noted === undefined) return mismatch('its node told nothing of it');
    for (const end of ['refused', 'missed'] as const) {
      if (fact?.state === end || noted?.phases.has(end)) return mismatch(`it was ${end}${because}`);
    }
    return mismatch(`it was not injected${because}`);
  }
  if (healed === undefined) return inconclusive(`nobody told that it was healed${because}`);
  const lasted = healed - injected;
  if (lasted < forMs * leastPart) return mismatch(`it lasted ${lasted} of ${forMs} ms${because}`);
  if (by === undefined) return inconclusive('nobody told by what it was done');
  const proof = fact?.proof ?? noted?.proof;
  if (proof === undefined) {
    if (fact?.state === 'checking') return inconclusive('its node was still looking whether it is gone');
    // Of a release without canaries, or of one whose word for it is not known here.
    return { proof: 'confirmed', reason: [...(why === undefined ? [] : [why]), unproven].join('; ') };
  }
  if (proof.outcome !== 'confirmed') return { proof: proof.outcome, reason: `${proof.reason}${because}` };
  return { proof: 'confirmed', ...(why === undefined ? {} : { reason: why }) };
}

/** What is said of a fault where there is nothing but the word of its agent. */
const unproven = 'its agent proves nothing: no canary has looked whether it acted';

function toldProof(outcome: unknown, reason: unknown): ToldProof | undefined {
  if (outcome !== 'confirmed' && outcome !== 'mismatch' && outcome !== 'inconclusive') return undefined;
  return { outcome, reason: typeof reason === 'string' ? reason : '' };
}
