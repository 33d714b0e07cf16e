import { z } from 'zod';
import { faultDirections, faultKinds, faultScopes, faultWays } from '../../fault-kinds.js';
import { faultPhases, plainPlanned } from '../plan/plan.js';

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

const shape = z.object({
  scope: z.enum(faultScopes),
  direction: z.enum(faultDirections).describe('As seen from the node'),
  from: z.array(z.string()).describe('Only on what goes to and comes from these nodes; none: from all'),
  share: z.number().min(0).max(1).describe('Of packets'),
  delayMs: ms,
  jitterMs: ms,
  bytesPerSecond: z.number().min(0),
  clockMs: ms.describe("The daemon's clock minus the true one, milliseconds"),
  interface: z.string(),
  way: z.enum(faultWays),
  seed: z.string().describe('What its own chance is drawn from'),
});

const plannedFault = z
  .object({
    fault: z.string(),
    node: z.string(),
    kind: faultKind,
    during: z.enum(faultPhases).optional(),
    atMs: ms.describe(
      'Milliseconds from T0 of the main phase on; of joining, from when the nodes are told to make their groups',
    ),
    forMs: ms,
    shape: shape
      .optional()
      .describe('How it acts; amounts that its kind does not have are 0 or empty. Absent: as its kind does'),
  })
  // Reports of releases whose faults had neither are read too.
  .transform(({ during, shape: given, ...fault }) => ({
    ...fault,
    during: during ?? ('running' as const),
    shape: given ?? plainPlanned(fault.kind),
  }));

/** `Plan`. */
export const plan = z
  .object({
    v: z.union([z.literal(1), z.literal(2)]).describe('1: shape and during of faults are not in the hash'),
    scenario: z.string(),
    replays: z
      .string()
      .exactOptional()
      .describe('The run whose faults are done again, in the place of those that the scenario would have'),
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
