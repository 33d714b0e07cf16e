import { z } from 'zod';
import { faultKinds } from '../plan/plan.js';

/** Milliseconds of some time. */
export const ms = z.number().describe('Milliseconds');
/** A whole number from 0 on. */
export const count = z.int().min(0);
/** The phase that a test belongs to. */
export const phase = z.enum(['control', 'main']);
/** What a fault does to its node. */
export const faultKind = z.enum(faultKinds);

const limit = z.union([z.number().min(0), z.literal('any')]);

/** `Rules`. */
export const rules = z
  .object({
    lost: limit,
    duplicated: limit,
    reordered: limit,
    lateAfterMs: ms,
    late: limit,
    convergenceMs: ms.exactOptional(),
  })
  .meta({ id: 'Rules' });

const plannedTest = z.object({
  test: z.string(),
  name: z.string().describe('Its name in the scenario'),
  group: z.string(),
  phase,
  workload: z.union([
    z.object({ type: z.enum(['text', 'media']) }),
    z.object({ type: z.literal('call'), method: z.string(), requestJson: z.string() }),
  ]),
  size: count.describe('Bytes of a message'),
  intervalMs: ms,
  amount: count,
  afterMs: ms.describe('From T0 of its phase on, milliseconds'),
  senders: z.array(z.string()),
});

const plannedFault = z.object({
  fault: z.string(),
  node: z.string(),
  kind: faultKind,
  atMs: ms.describe('From T0 of the main phase on, milliseconds'),
  forMs: ms,
});

/** `Plan`. */
export const plan = z
  .object({
    v: z.literal(1),
    scenario: z.string(),
    seed: z.string(),
    hash: z.string().describe('SHA-256 over the JSON of all else in the plan, in hexadecimal digits'),
    nodes: z.array(z.string()),
    groups: z.array(z.object({ name: z.string(), members: z.array(z.string()) })),
    tests: z.array(plannedTest),
    faults: z.array(plannedFault),
    leadMs: ms,
    settleMs: ms,
    patience: z.object({ gatherMs: ms, groupMs: ms, readyMs: ms, collectMs: ms }),
    rules,
  })
  .meta({ id: 'Plan' });
