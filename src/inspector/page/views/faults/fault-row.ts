import type { Actor, Transition } from '../../../../gen/web/postern/v1/inspector_pb.js';

/** A fault of a node, as its machine tells it. */
export interface FaultRow {
  /** `fault/id`. */
  readonly key: string;
  readonly machine: string;
  readonly id: string;
  readonly node: string;
  readonly run: string;
  /** Its name in the run. */
  readonly fault: string;
  readonly kind: string;
  /** How it acts, in words. */
  readonly shape: string;
  readonly state: string;
  readonly sinceMs: number;
  readonly bornMs: number;
  readonly sequence: bigint;
  readonly definition: string;
  /** When it was to begin and to end, Unix milliseconds of the node's clock. */
  readonly startAtMs: number;
  readonly endAtMs: number;
  /** By what it is done; '': not told. */
  readonly by: string;
  /** `confirmed`, `mismatch`, `inconclusive`; '': not told. */
  readonly proof: string;
  /** Why the proof is what it is, or why the fault is not as planned. */
  readonly reason: string;
  /** It has ended, or the agent that did it has gone. */
  readonly gone: boolean;
  /** All that is searched, in small letters. */
  readonly text: string;
}

/** A fault that was told as it is. */
export function rowOfActor(actor: Actor): FaultRow {
  const { machine, id, node, state, sinceMs, bornMs, sequence, definition, contextJson, gone } = actor;
  return rowOf({ machine, id, node, state, sinceMs, bornMs, sequence, definition, gone }, contextJson);
}

/** A fault after a transition; what was told of it later, or of a later life, stays. */
export function rowAfter(before: FaultRow | undefined, transition: Transition): FaultRow {
  const { machine, id, node, from, to, atMs, bornMs, sequence, definition, contextJson } = transition;
  const isOld =
    before !== undefined &&
    (bornMs < before.bornMs || (bornMs === before.bornMs && sequence <= before.sequence));
  if (isOld) return before;
  const state = to === '' ? from : to;
  const sinceMs = before?.state === state && before.bornMs === bornMs ? before.sinceMs : atMs;
  return rowOf(
    { machine, id, node, state, sinceMs, bornMs, sequence, definition, gone: to === '' },
    contextJson,
  );
}

type Told = Pick<
  FaultRow,
  'machine' | 'id' | 'node' | 'state' | 'sinceMs' | 'bornMs' | 'sequence' | 'definition' | 'gone'
>;

function rowOf(told: Told, contextJson: string): FaultRow {
  const facts = factsIn(contextJson);
  const proof = recordOf(facts.proof);
  const why = recordOf(facts.why);
  const startAtMs = numberOf(facts.startAtMs);
  const row = {
    ...told,
    key: `${told.machine}/${told.id}`,
    run: textOf(facts.run),
    fault: textOf(facts.fault),
    kind: textOf(facts.kind),
    shape: textOf(facts.shape),
    startAtMs,
    endAtMs: startAtMs + numberOf(facts.forMs),
    by: textOf(facts.by),
    proof: textOf(proof.outcome),
    reason: [textOf(why.message), textOf(proof.reason)].filter((one) => one !== '').join('; '),
  };
  const { node, run, fault, kind, shape, state, by, proof: outcome, reason } = row;
  return {
    ...row,
    text: [node, run, fault, kind, shape, state, by, outcome, reason].join('\n').toLowerCase(),
  };
}

function factsIn(json: string): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(json));
  } catch {
    return {};
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
