import { z } from 'zod';
import type { Counts, Judgement, Layers } from '../judging/judgement.js';
import { countColumns } from './columns.js';
import { layerColumns, lostLayers } from './layers.js';
import { count, faultKind, ms, phase, plan, rules } from './plan-schema.js';
import { troubles } from './standing.js';

const at = z.number().describe("Unix milliseconds of the controller's clock");
const ofNode = z.number().describe("Unix milliseconds of the node's clock");
const verdict = z.enum(['pass', 'fail', 'unknown']);
const trouble = z.enum(troubles);

/** Things by name, in the order of the names. */
const byName = <T extends z.ZodType>(item: T) =>
  z
    .record(z.string(), item)
    .transform((record) => Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))));

const sights = z.array(
  z.object({
    phase: z.string(),
    path: z.string(),
    name: z.string(),
    fromMs: z.number(),
    toMs: z.number(),
    looks: count,
    through: count,
    medianMs: ms,
    found: z.string().exactOptional(),
  }),
);

const facts = z.object({
  startedAtMs: at,
  endedAtMs: at,
  t0: z.object({ joining: at.exactOptional(), control: at.exactOptional(), main: at.exactOptional() }),
  clocks: byName(z.object({ offsetMs: ms, errorMs: ms })),
  faults: byName(
    z.object({
      state: z.string(),
      injectedAtMs: ofNode.optional(),
      healedAtMs: ofNode.optional(),
      by: z.string().optional(),
      reason: z.string().optional(),
      proof: z
        .object({ outcome: z.enum(['confirmed', 'mismatch', 'inconclusive']), reason: z.string() })
        .optional(),
      sights: sights.optional().describe("Times of the node's clock"),
    }),
  ),
  versions: byName(z.string()),
  aborted: z.object({ by: z.string(), reason: z.string() }).exactOptional(),
  stuck: z.object({ step: z.string(), message: z.string() }).exactOptional(),
});

const counted = (key: keyof Counts) =>
  count.describe(countColumns.find((column) => column.key === key)?.meaning ?? key);
const counts = z
  .object({
    scheduled: counted('scheduled'),
    ok: counted('ok'),
    fail: counted('fail'),
    info: counted('info'),
    skipped: counted('skipped'),
    expected: counted('expected'),
    delivered: counted('delivered'),
    late: counted('late'),
    excused: counted('excused'),
    lost: counted('lost'),
    vanished: counted('vanished'),
    duplicated: counted('duplicated'),
    replayed: counted('replayed'),
    reordered: counted('reordered'),
    displacement: counted('displacement'),
    recovered: counted('recovered'),
    unexpected: counted('unexpected'),
    corrupt: counted('corrupt'),
    unknown: counted('unknown'),
  })
  .meta({ id: 'Counts' });

const layered = (key: keyof Layers) =>
  count.describe(layerColumns.find((column) => column.key === key)?.meaning ?? key);
const layers = z
  .object({
    arrived: layered('arrived'),
    notSent: layered('notSent'),
    refused: layered('refused'),
    // Older releases told of neither this nor `presumed`.
    unkept: layered('unkept').default(0),
    unsent: layered('unsent'),
    presumed: layered('presumed').default(0),
    undelivered: layered('undelivered'),
    uncollected: layered('uncollected'),
    unclear: layered('unclear'),
  })
  .meta({ id: 'Layers' });

const quantiles = z.object({ count, p50: ms, p95: ms, p99: ms, max: ms }).meta({ id: 'Quantiles' });

const test = z.object({
  test: z.string(),
  name: z.string(),
  group: z.string(),
  phase,
  verdict,
  totals: counts,
  layers: layers.exactOptional(),
  pairs: z.array(
    z.object({
      sender: z.string(),
      receiver: z.string().exactOptional(),
      counts,
      layers: layers.exactOptional().describe('Absent: all have arrived'),
      latency: quantiles.exactOptional(),
    }),
  ),
  latency: quantiles.exactOptional(),
  stable: quantiles.exactOptional(),
  slip: quantiles.exactOptional(),
  availability: z.object({ calm: z.number(), disturbed: z.number() }),
  due: z.object({ calm: z.number(), disturbed: z.number() }).exactOptional(),
  points: z
    .array(z.tuple([z.number(), z.number(), z.number(), z.number()]))
    .describe('Sent at, from T0; latency; index of sender and of receiver in the nodes of the plan'),
});

const layer = z.enum(lostLayers).describe('Where it stayed on its way');
const message = z.object({
  test: z.string(),
  sender: z.string(),
  seq: z.number(),
  troubles: z.array(
    z.object({ trouble, receiver: z.string().exactOptional(), layer: layer.exactOptional() }),
  ),
  history: z.array(
    z.object({ atMs: at, node: z.string(), what: z.string(), detail: z.string().exactOptional() }),
  ),
});

const fault = z.object({
  fault: z.string(),
  node: z.string(),
  kind: faultKind,
  plannedFromMs: at,
  plannedToMs: at,
  injectedAtMs: at.exactOptional(),
  healedAtMs: at.exactOptional(),
  by: z.string().exactOptional(),
  proof: z.enum(['confirmed', 'mismatch', 'inconclusive']),
  reason: z.string().exactOptional(),
  convergenceMs: ms.exactOptional(),
  convergence: z.enum(['never', 'unclear']).exactOptional(),
  sights: sights
    .exactOptional()
    .describe('What canaries saw on ways that it acts on, and on ways that it spares'),
});

const blind = z
  .array(
    z.object({
      node: z.string(),
      ms,
      longestMs: ms,
      neverMs: ms.describe('Of it, what no record told of afterwards either, milliseconds'),
      times: count,
      spans: z
        .array(z.object({ fromMs: at, toMs: at, causes: z.array(z.enum(['hub', 'fault', 'records'])) }))
        .describe('The first 100'),
    }),
  )
  .describe('When nobody could know of a node');

/** `Judgement`, as it is published; a field that is added to the one is added to the other. */
export const judgementSchema = z.object({
  v: z.literal(1),
  run: z.string(),
  plan,
  facts,
  rules,
  verdict,
  reasons: z.array(z.object({ code: z.string(), verdict: z.enum(['fail', 'unknown']), text: z.string() })),
  totals: counts,
  layers: layers.exactOptional(),
  tests: z.array(test),
  faults: z.array(fault),
  intervals: z.array(
    z.object({ node: z.string(), what: z.enum(['hub', 'daemon']), fromMs: at, toMs: at.exactOptional() }),
  ),
  blind: blind.exactOptional(),
  messages: z.array(message).describe('At most 1,000, the worst first'),
  troubled: z.object({
    lost: count.exactOptional(),
    vanished: count.exactOptional(),
    corrupt: count.exactOptional(),
    unexpected: count.exactOptional(),
    unknown: count.exactOptional(),
    duplicated: count.exactOptional(),
    late: count.exactOptional(),
    reordered: count.exactOptional(),
    recovered: count.exactOptional(),
  }),
  records: count,
  journals: count,
  deliveries: z
    .array(
      z.object({
        test: z.string(),
        sender: z.string(),
        seq: z.number(),
        sentAtMs: at,
        receiver: z.string(),
        receivedAtMs: at.exactOptional(),
      }),
    )
    .describe('At most 2,000'),
});

/** A type with all that the compiler may take for a difference and JSON does not: what may not be written to, what may be undefined. */
type Plain<T> = { -readonly [K in keyof T]: Plain<Exclude<T[K], undefined>> };
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Does not compile where the schema and the type say different things. */
export const schemaIsWhole: Same<Plain<z.output<typeof judgementSchema>>, Plain<Judgement>> = true;

/** JSON schema (draft 2020-12) of a report, as text: `schemas/report.schema.json`. */
export function reportSchemaText(): string {
  const { $schema, ...rest } = z.toJSONSchema(judgementSchema, { io: 'input', target: 'draft-2020-12' });
  const schema = {
    $schema,
    $id: 'urn:postern:report:1',
    title: 'What a run of Postern has shown',
    description:
      'docs/report.md tells what each number means. Fields may be added; none changes its meaning.',
    ...rest,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
