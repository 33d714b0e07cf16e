import { z } from 'zod';
import { faultDirections, faultKinds, faultScopes, faultWays } from '../../fault-kinds.js';
import { faultPhases } from '../plan/plan.js';
import { labels, refs } from './node-refs.js';
import { ahead, byteSize, duration, secondsAndOdds, share, shown, whole } from './quantities.js';
import { longestMs, mostNodes } from './scenario.js';

const long = { leastMs: 0, mostMs: longestMs };
const delay = { leastMs: 1, mostMs: 60_000 };
/** How far a daemon's clock may be put wrong, milliseconds: ten years of 365 days. */
const farthestClockMs = 3_650 * 24 * 3_600_000;

const word = <const W extends readonly [string, ...string[]]>(words: W) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` });
const kind = word(faultKinds);

const nodeOrDrawn = z.union([z.literal(true), z.string()], {
  error: 'must be the name of a node, or true: then it is drawn',
});
const twoSides = 'must be two sides such as [[north, east], [south]]';
const sides = z.array(refs, { error: twoSides }).min(2, twoSides).max(2, twoSides);
const forms = {
  halves: z
    .union([z.literal(true), sides], { error: 'must be true, or two sides such as [[north, east], [south]]' })
    .describe('Two sides, none of which reaches the other: true for two that are drawn, or both'),
  one: nodeOrDrawn.describe('One node from all others'),
  ring: z
    .literal(true, { error: 'must be true' })
    .describe('Each reaches its two neighbours alone, in an order that is drawn'),
  'one-way': z
    .strictObject({
      from: refs.describe('What these say'),
      to: refs.describe('Does not reach these'),
    })
    .describe('What some say does not reach others, whose words still reach them'),
  bridge: nodeOrDrawn.describe('Two sides as with halves, and one node that reaches both'),
};
const drawnForms = ['halves', 'one', 'ring', 'bridge'] as const;
const partingHelp = `must be one of ${drawnForms.join(', ')}, or a map such as {one-way: {from: A, to: B}}`;

const parting = z
  .union(
    [
      z.enum(drawnForms),
      z.strictObject({
        halves: forms.halves.optional(),
        one: forms.one.optional(),
        ring: forms.ring.optional(),
        'one-way': forms['one-way'].optional(),
        bridge: forms.bridge.optional(),
      }),
    ],
    { error: partingHelp },
  )
  .superRefine((given, context) => {
    if (typeof given === 'string' || Object.keys(given).length === 1) return;
    const message = `says one of ${Object.keys(forms).join(', ')}`;
    context.addIssue({ code: 'custom', message });
  });

const nodes = z.union(
  [
    refs,
    z.strictObject({
      any: whole(1, mostNodes).optional().describe('So many of them, drawn from the seed'),
      of: refs.optional().describe('Of these (default: all nodes)'),
      labels: labels
        .optional()
        .describe("Of those that have these labels, {site: attic} or 'site=attic,!gpu'"),
    }),
  ],
  { error: 'must be a name, a list of names, {any: 2, of: [NAME, …]}, or {labels: {site: attic}}' },
);

/** A name as the kernel takes it, and nothing that a program could take for an option. */
const interfaceForm = /^[A-Za-z0-9_][\w.@-]{0,14}$/;

const amounts = {
  share: share.optional().describe('Of loss, duplicate, reorder: of how many packets, such as 10%'),
  delay: duration(delay)
    .optional()
    .describe('Of delay: so much later everything comes. Of reorder: so long a packet is held back'),
  jitter: duration({ ...delay, leastMs: 0 })
    .optional()
    .describe('Of delay: it differs by up to so much, in both directions'),
  rate: byteSize({ most: 1e12, why: 'at most 1,000 GB a second' })
    .optional()
    .describe('Of rate: at most so many bytes a second, such as 100KB'),
  clock: ahead(farthestClockMs)
    .optional()
    .describe("Of clock: how far the daemon's clock is ahead (+2h) or behind (-30m)"),
  interface: z
    .string({ error: 'must be the name of a network interface' })
    .regex(interfaceForm, { error: (issue) => `${shown(issue.input)} is no name of a network interface` })
    .optional()
    .describe('Of interface: which (default: the one that leads to the hub)'),
};

const how = {
  scope: word(faultScopes)
    .optional()
    .describe(
      "On what it acts. daemon: its ways to other nodes. hub: the agent's way to the hub. host: both, and all else that leaves the machine (default: daemon; link: hub; interface: host)",
    ),
  direction: word(faultDirections)
    .optional()
    .describe('As seen from the node: only what comes in, only what goes out (default: both)'),
  from: refs.optional().describe('Only on what goes to and comes from these nodes (default: from all)'),
  way: word(faultWays)
    .optional()
    .describe('By what it is done: kernel, userspace (relays of the agents), or any that can (default)'),
};

/** The three things that a fault can be. */
const faultForms = ['kind', 'partition', 'reliability'] as const;
/** What each of the other two takes beside itself. */
const beside: Readonly<Record<'partition' | 'reliability', readonly string[]>> = {
  partition: ['nodes', 'during', 'at', 'for', 'every', 'odds', 'scope', 'way'],
  reliability: ['nodes', 'at'],
};

export const faultSchema = z
  .strictObject({
    kind: z
      .union([kind.transform((one) => [one]), z.array(kind).min(1, 'names no kind').max(faultKinds.length)], {
        error: `must be one of ${faultKinds.join(', ')}, or a list of these`,
      })
      .optional()
      .describe('What is done, or a list: all of it begins together. docs/faults.md tells what each kind is'),
    partition: parting.optional().describe('In the place of kind: nodes are parted from each other'),
    reliability: secondsAndOdds
      .optional()
      .describe(
        "In the place of kind: 'SECONDS,ODDS', such as 120,10: every 120 s each node draws, 1 in 10, whether it is cut from hub and peers for 120 s",
      ),
    nodes: nodes.optional().describe('Which it hits (default: all)'),
    during: word(faultPhases)
      .optional()
      .describe(
        'joining: while nodes come into their groups. running: while messages are sent (default). draining: after the last message',
      ),
    at: duration(long)
      .optional()
      .describe('When, from the beginning of that on (default: 0s); with every, when first'),
    for: duration(long)
      .optional()
      .describe('How long, an hour at most; with kill, until the daemon is started again (restart: none)'),
    every: duration({ leastMs: 100, mostMs: longestMs })
      .optional()
      .describe('Again and again, until the last message is sent'),
    odds: whole(1, 1_000_000)
      .optional()
      .describe('With every: each time each node draws from the seed, 1 in so many (default: 1)'),
    ...amounts,
    ...how,
  })
  .superRefine((fault, context) => {
    const refuse = (message: string, ...path: string[]) =>
      context.addIssue({ code: 'custom', message, path });
    const said = faultForms.filter((form) => fault[form] !== undefined);
    const [form] = said;
    if (form === undefined) refuse('says nothing to be done: it needs kind, partition or reliability');
    for (const other of said.slice(1)) refuse(`does not go with ${form}: write two faults`, other);
    const { reliability } = fault;
    if (reliability?.seconds === 0 || reliability?.odds === 0) {
      refuse('never cuts: leave it out, or write seconds and odds that are not 0', 'reliability');
    }
    if (form === undefined || form === 'kind' || said.length > 1) return;
    for (const [key, value] of Object.entries(fault)) {
      if (value === undefined || key === form || beside[form].includes(key)) continue;
      refuse(`does not go with ${form}, which takes ${beside[form].join(', ')}`, key);
    }
  });
