import { z } from 'zod';
import { daemonSchema } from './daemon-schema.js';
import { faultSchema } from './fault-schema.js';
import { nameForm, scenarioName } from './names.js';
import { labels, refs } from './node-refs.js';
import { byteSize, duration, share, whole } from './quantities.js';
import { longestMs, mostFaults, mostNodes, providers } from './scenario.js';

/** As `nodeName` of the bus has it, for editors. */
const nodeForm = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const long = { leastMs: 0, mostMs: longestMs };
const some = { leastMs: 1, mostMs: longestMs };
export const nodeSchema = z.strictObject({
  count: whole(1, mostNodes).optional().describe('So many nodes of the kind, named ENTRY-1, ENTRY-2, …'),
  labels: labels
    .optional()
    .describe(
      "With provider connected: all nodes that have these labels, {site: attic} or a selector such as 'site=attic,!gpu'",
    ),
  min: whole(1, mostNodes).optional().describe('With labels: at least so many there must be (default: 1)'),
  public: z.boolean().optional().describe('With provider lab: on the WAN, without a NAT before it'),
  daemon: daemonSchema.optional().describe('With providers local and lab: settings of its reference daemon'),
});

const schedule = {
  size: byteSize({ most: 3_900_000, why: 'at most 3.9 MB: a longer message fits into no gRPC message' })
    .prefault('1KB')
    .describe('Of a message: 300B, 4KB (1,000 bytes each), 4KiB (1,024 each)'),
  interval: duration(some).prefault('1s').describe('From one message to the next'),
  amount: whole(1, 10_000_000).describe('So many messages from each sender'),
  after: duration(long).prefault('0s').describe('From the start of the tests to the first message'),
  senders: refs.optional().describe('Members that send (default: all); all members receive'),
};

const messageTest = z.strictObject({
  type: z.enum(['text', 'media']).describe('text: messages in the group. media: images in the group'),
  ...schedule,
});
const callTest = z.strictObject({
  type: z.literal('call').describe('Calls of a method of the server beside each sender'),
  method: z
    .string()
    .regex(/^[\w.]+\/\w+$/, 'write package.Service/Method')
    .describe('package.Service/Method'),
  request: z
    .record(z.string(), z.unknown())
    .prefault({})
    .describe('The request; {{body}} in its strings is the message'),
  ...schedule,
});
export const testSchema = z.discriminatedUnion('type', [messageTest, callTest], {
  error: (issue) => (issue.code === 'invalid_union' ? 'must be one of text, media, call' : undefined),
});

export const groupSchema = z.strictObject({
  members: refs
    .optional()
    .describe('Entries of nodes, or single nodes (default: all whose daemon is a peer)'),
  tests: z
    .record(z.string(), testSchema)
    .meta({ propertyNames: { pattern: nameForm.source } })
    .describe('What is sent, each test under its name; all run at the same time'),
});

const limit = z.union([z.literal('any'), whole(0, 1_000_000_000)], {
  error: "must be a number of messages, or 'any'",
});

/** What may be written in a scenario's file. */
export const scenarioSchema = z
  .strictObject({
    name: scenarioName.optional().describe("Name of the scenario (default: the file's)"),
    seed: z
      .union([z.int().nonnegative(), z.string().min(1).max(64)], {
        error: 'must be a whole number, or a text of up to 64 characters in quotes',
      })
      .optional()
      .describe('What chance is drawn from; the same seed gives the same plan (default: drawn, and told)'),
    provider: z
      .enum(providers, { error: `must be one of ${providers.join(', ')}` })
      .prefault('connected')
      .describe(
        'connected: nodes that are connected to the hub take part. local: agents and reference daemons are started on this machine. lab: the same in networks of their own, each behind a NAT',
      ),
    nodes: z
      .record(z.string(), nodeSchema.nullable())
      .meta({ propertyNames: { pattern: nodeForm.source } })
      .describe('Entries by name: a node of that name, several of a kind, or those with certain labels'),
    groups: z
      .record(z.string(), groupSchema)
      .meta({ propertyNames: { pattern: nameForm.source } })
      .describe('Groups by name, and what is sent in them'),
    faults: z
      .array(faultSchema)
      .max(mostFaults, `at most ${mostFaults}`)
      .nullable()
      .optional()
      .describe('What is disturbed, and when'),
    control: z
      .union(
        [
          z.literal(false),
          z.strictObject({
            amount: whole(1, 10_000).prefault(5).describe('Messages of each sender of each test'),
            interval: duration({ leastMs: 1, mostMs: 60_000 })
              .prefault('200ms')
              .describe('From one message to the next'),
          }),
        ],
        { error: 'must be false, or {amount: 5, interval: 200ms}' },
      )
      .prefault({})
      .describe(
        'The same tests before all faults, shorter: what is lost there, no fault has lost. false: none',
      ),
    arm: duration({ leastMs: 100, mostMs: 600_000 })
      .prefault('5s')
      .describe('From telling the nodes when to start to the start'),
    settle: duration({ leastMs: 0, mostMs: 3_600_000 })
      .prefault('30s')
      .describe('How long after the last message and the last fault what others sent is waited for'),
    allow: z
      .strictObject({
        lost: limit.optional().describe('Most lost messages (default: 0)'),
        duplicated: limit.optional().describe('Most messages that came more than once (default: 0)'),
        reordered: limit.optional().describe('Most messages that came behind later ones (default: any)'),
        late: z
          .union([z.literal('any'), share], { error: "must be a share such as 1%, or 'any'" })
          .optional()
          .describe('Most late messages, of those that came (default: any)'),
      })
      .prefault({})
      .describe('What may happen and the run still pass; any: it is told, and does not count'),
    late_after: duration(some).optional().describe('A message that takes longer is late (default: 5s)'),
    convergence: duration(some)
      .optional()
      .describe(
        'After the end of a fault all has arrived within this (default: it is told, and does not count)',
      ),
    patience: z
      .strictObject({
        gather: duration(some).prefault('30s').describe('Until all nodes are there'),
        group: duration(some).prefault('60s').describe('Until all are in their groups'),
        ready: duration(some).prefault('60s').describe('Until each member can read what the others write'),
        collect: duration(some).prefault('2m').describe('Until all records have arrived, after the settling'),
      })
      .prefault({})
      .describe('How long each step may take; a run that waits longer ends as unknown'),
    daemon: daemonSchema
      .optional()
      .describe('With providers local and lab: settings of every reference daemon'),
  })
  .meta({
    title: 'Scenario of postern',
    description: 'A rehearsal: nodes, what they send, what is disturbed, what may happen',
  });

/** The keys at the top of a file. */
export const topKeys: readonly string[] = Object.keys(scenarioSchema.shape);
