import { z } from 'zod';
import { faultDirections, faultKinds, faultScopes, faultWays } from '../fault-kinds.js';
import { labels } from './messages.js';
import { resultToken } from './result-records.js';

const count = z.number().int().nonnegative();
const text = (longest: number) => z.string().max(longest);
/** Unix milliseconds of a controller's clock. */
const atMs = z.number().nonnegative().max(8.64e15);
const token = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const node = text(63);

/** A scenario takes at most this many bytes. */
export const largestScenarioBytes = 256 * 1024;

export const runVerdicts = ['pass', 'fail', 'unknown'] as const;
const phase = z.enum(['joining', 'control', 'main']);
const span = z.number().nonnegative().max(8.64e9);

/** What has happened to a run; its machine is told these from the first one on. */
export const runEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('LOADED'),
    atMs,
    patience: z.object({ gatherMs: span, groupMs: span, readyMs: span, collectMs: span }),
  }),
  z.object({ type: z.literal('REFUSED'), atMs, message: text(16_384) }),
  z.object({
    type: z.literal('GATHERED'),
    atMs,
    control: z.boolean(),
    lastsMs: z.object({ joining: span.optional(), control: span, main: span }),
    settleMs: span,
  }),
  z.object({ type: z.literal('GROUPED'), atMs }),
  z.object({ type: z.literal('READY'), atMs }),
  z.object({ type: z.literal('HEALED'), atMs }),
  z.object({ type: z.literal('T0_CHOSEN'), atMs, phase, t0Ms: atMs }),
  z.object({ type: z.literal('ARMED'), atMs }),
  z.object({ type: z.literal('SENT'), atMs }),
  z.object({ type: z.literal('SETTLED'), atMs }),
  z.object({ type: z.literal('COLLECTED'), atMs }),
  z.object({ type: z.literal('JUDGED'), atMs, verdict: z.enum(runVerdicts) }),
  z.object({ type: z.literal('QUIET'), atMs }),
  z.object({ type: z.literal('ABORTED'), atMs, by: text(256), reason: text(512) }),
  z.object({ type: z.literal('STUCK'), atMs, step: text(64), message: text(2_048) }),
]);

/** A run as it is kept: who conducts it, and what has happened. */
export const runEntry = z.object({
  v: z.literal(1),
  run: resultToken,
  startedBy: text(256),
  startedAtMs: atMs,
  /** Name of the scenario, as far as it is known. */
  scenario: text(128),
  /**
   * Who conducts it. `term` grows with each who takes it over, and is told with each command; `beat` grows while they live:
   * an entry that has not changed for some time, by the clock of who looks, is free to be taken over.
   */
  lease: z.object({ controller: token, term: z.number().int().positive(), beat: count }),
  events: z.array(runEvent).max(64),
  /** When the machine came to which state, told for those who look. */
  phases: z.array(z.object({ state: text(64), sinceMs: atMs })).max(64),
  /** Somebody has asked to end it. */
  stop: z.object({ by: text(256), reason: text(512), atMs }).optional(),
  seed: text(128).optional(),
  planHash: text(64).optional(),
  /** The run whose faults it does again. */
  replays: resultToken.optional(),
  plannedMs: z.number().nonnegative().optional(),
  warnings: z.array(text(1_024)).max(64),
  /** What it has shown, for those who look. */
  verdict: z.enum(runVerdicts).optional(),
  reasons: z.array(text(1_024)).max(32),
  endedAtMs: atMs.optional(),
});
export type RunEntry = z.infer<typeof runEntry>;

const amount = z.number().nonnegative().max(1e12);

/** What really happened in a run that ended, to be done again. */
export const runReplay = z.object({
  run: resultToken,
  /** The plan that it had. */
  planHash: text(64),
  nodes: z.array(node).max(200),
  /** As many as are kept of a run. */
  faults: z
    .array(
      z.object({
        fault: token,
        node,
        kind: z.enum(faultKinds),
        during: z.enum(['joining', 'running', 'draining']),
        atMs: z.number().nonnegative().max(8.64e7),
        forMs: z.number().nonnegative().max(3_600_000),
        shape: z.object({
          scope: z.enum(faultScopes),
          direction: z.enum(faultDirections),
          from: z.array(node).max(200),
          share: z.number().min(0).max(1),
          delayMs: amount,
          jitterMs: amount,
          bytesPerSecond: amount,
          clockMs: z.number(),
          interface: text(15),
          way: z.enum(faultWays),
          seed: text(256),
        }),
      }),
    )
    .max(1_000),
});
export type RunReplay = z.infer<typeof runReplay>;

const member = z.object({ member: text(256), device: text(256) });

/** What a run is made of, beside its entry: too large to be written with each beat. */
export const runPart = z.discriminatedUnion('k', [
  /** What was asked for; never changed. */
  z.object({
    k: z.literal('scenario'),
    text: z.string().max(largestScenarioBytes),
    file: text(1_024),
    seed: text(128).optional(),
    /** In the place of the scenario's. */
    provider: z.enum(['connected', 'local', 'lab']).optional(),
  }),
  /** The nodes that take part, as they were when they were gathered; their clocks: controller's time = node's time + offset. */
  z.object({
    k: z.literal('nodes'),
    seed: text(128),
    nodes: z
      .array(
        z.object({
          name: node,
          labels,
          offsetMs: z.number(),
          errorMs: z.number().nonnegative(),
          version: text(64),
          /** Where others find it, as far as faults need that. */
          addresses: z.array(text(64)).max(64).optional(),
        }),
      )
      .max(200),
  }),
  /** A group, once its first member has made it: its id, the invitation and its members' keys in it. */
  z.object({
    k: z.literal('groups'),
    groups: z
      .array(
        z.object({
          name: text(128),
          id: text(256),
          /** base64. */
          invite: text(16_384),
          members: z.array(z.object({ node, ...member.shape })).max(200),
        }),
      )
      .max(200),
  }),
  /** What was asked for in the place of the scenario's faults; never changed. */
  z.object({ k: z.literal('replay'), ...runReplay.shape }),
  /** What became of the faults, as the nodes told it. */
  z.object({
    k: z.literal('faults'),
    faults: z
      .array(
        z.object({
          fault: token,
          state: text(64),
          injectedAtMs: z.number().optional(),
          healedAtMs: z.number().optional(),
          by: text(64).optional(),
          reason: text(512).optional(),
          /** What canaries have shown of it; absent: its agent proves nothing, or has not said yet. */
          proof: z
            .object({ outcome: z.enum(['confirmed', 'mismatch', 'inconclusive']), reason: text(512) })
            .optional(),
          /** What they saw; times are those of the node's clock. */
          sights: z
            .array(
              z.object({
                phase: text(16),
                path: text(16),
                name: text(128),
                fromMs: z.number(),
                toMs: z.number(),
                looks: z.number().nonnegative(),
                through: z.number().nonnegative(),
                medianMs: z.number().nonnegative(),
                found: text(256),
              }),
            )
            .max(48)
            .optional(),
        }),
      )
      .max(4_000),
  }),
]);
export type RunPart = z.infer<typeof runPart>;
export type RunPartKind = RunPart['k'];
/** A part of one kind. */
export type RunPartOf<K extends RunPartKind> = Extract<RunPart, { k: K }>;

/** How far nodes are, as a controller has just seen it; or, with `waitsFor`, only what the run waits for. */
export const runProgress = z.object({
  v: z.literal(1),
  atMs,
  /** For people; empty: for nothing any more. */
  waitsFor: text(2_048).optional(),
  nodes: z
    .array(
      z.object({
        node,
        reached: z.boolean(),
        tests: z
          .array(
            z.object({
              test: resultToken,
              state: text(64),
              sent: count,
              amount: count,
              received: count,
              troubled: count,
            }),
          )
          .max(100),
      }),
    )
    .max(200),
  faults: z.array(z.object({ fault: token, node, state: text(64) })).max(1_000),
});
export type RunProgress = z.infer<typeof runProgress>;
