import { z } from 'zod';

/** What may happen; each is a word of the subject. */
export const activityKinds = [
  'registered',
  'unregistered',
  'proxied',
  'opened',
  'refused',
  'forward-opened',
  'forward-ended',
  'operated',
  'gap',
] as const;
export type ActivityKind = (typeof activityKinds)[number];

/** One message holds at most this many events. */
export const mostActivityEvents = 256;
/** A method is told up to this many characters. */
export const longestMethod = 256;
/** A caller's name is told up to this many characters. */
export const longestCaller = 256;

/** The name of an actor, `machine/id`, is told up to this many characters. */
export const longestActor = 330;
/** What an operator wrote, and what became of it, are told up to this many characters. */
export const longestNote = 512;

/** Ids that we made ourselves: of hubs and instances. */
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const shown = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^\P{Cc}*$/u, 'control characters are not allowed');
const count = z.number().int().nonnegative();

const event = z.object({
  /** Unix time in milliseconds: when a call began, or when anything else happened. */
  at: count,
  /** Number of the call among those of the hub; its id is `<hub>-<call>`. */
  call: count.optional(),
  /** Verified name of who calls. */
  caller: shown(longestCaller).optional(),
  /** gRPC status of a call that has ended or was refused. */
  code: z.number().int().min(0).max(99).optional(),
  /** How long a call took, or was open so far, in microseconds. */
  us: count.optional(),
  /** Bytes of request and response messages, with gRPC's framing. */
  in: count.optional(),
  out: count.optional(),
  /** Trace id that the caller sent, 32 hexadecimal digits. */
  trace: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  /** Id of the instance of the node. */
  instance: id.optional(),
  /** How the instance is connected. */
  transport: shown(16).optional(),
  /** The status was made by Postern or the network. */
  made: z.boolean().optional(),
  /** Its beginning was told before. */
  opened: z.boolean().optional(),
  /** Why, in a word for programs. */
  reason: shown(64).optional(),
  /** Of what an operator did or tried: to whom, as `machine/id`, which event, why (in their words), and what became of it. */
  actor: shown(longestActor).optional(),
  operation: shown(128).optional(),
  note: shown(longestNote).optional(),
  outcome: shown(longestNote).optional(),
  /** How many calls were refused alike. */
  count: count.optional(),
  /** Of a gap: how many events are missing, where that is known, and from when to when they are. */
  lost: count.optional(),
  fromMs: count.optional(),
  toMs: count.optional(),
});

/** Events of one kind about one method of one node, as one hub tells them. */
export const activity = z.object({
  v: z.literal(1),
  /** Instance id of the hub that tells. */
  hub: id,
  kind: z.enum(activityKinds),
  /** Name of the node; '' for none. */
  node: shown(64),
  /** `pkg.Service/Method`; '' for none. */
  method: shown(longestMethod),
  events: z.array(event).min(1).max(mostActivityEvents),
});
export type ActivityMessage = z.infer<typeof activity>;
export type ActivityRecord = ActivityMessage['events'][number];
