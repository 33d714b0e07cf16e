import { z } from 'zod';
import { latencyBuckets } from '../latency-buckets.js';
import { longestCaller, longestMethod } from './activity-message.js';

/** One message tells of at most so many methods. */
export const mostSummaryMethods = 128;
/** One message tells of at most so many calls. */
export const mostNotableCalls = 48;
/** gRPC status codes are below this. */
export const statusCodes = 17;

/** Ids that we made ourselves: of hubs and instances. */
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const shown = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^\P{Cc}*$/u, 'control characters are not allowed');
const count = z.number().int().nonnegative();
const ms = z.number().nonnegative().finite();

const methodCalls = z.object({
  /** Name of the node. */
  node: shown(64),
  /** `pkg.Service/Method`; '' for all of this node that have no line of their own. */
  method: shown(longestMethod),
  /** gRPC status and how many calls ended so, in turn. */
  ended: z
    .array(count)
    .min(2)
    .max(2 * statusCodes),
  /** Bucket and how many calls fell into it, in turn: bucket i holds those below 2^(i/4) * 0.05 ms that are in none before. */
  buckets: z
    .array(count)
    .min(2)
    .max(2 * latencyBuckets),
  /** Sum of how long they took, milliseconds. */
  ms,
  /** Bytes of request and response messages, with gRPC's framing. */
  in: count,
  out: count,
});
/** The calls of one method of one node. */
export type MethodSummary = z.infer<typeof methodCalls>;

const notableCall = z.object({
  /** Number of the call among those of the hub; its id is `<hub>-<call>`. */
  call: count,
  node: shown(64),
  method: shown(longestMethod),
  /** Unix time in milliseconds when it began. */
  at: count,
  /** gRPC status. */
  code: z
    .number()
    .int()
    .min(0)
    .max(statusCodes - 1),
  /** Why, where Postern, the network or the caller ended it. */
  reason: shown(256).optional(),
  caller: shown(longestCaller).optional(),
  /** Id of the instance of the node. */
  instance: id.optional(),
  /** Trace id that the caller sent, 32 hexadecimal digits. */
  trace: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  /** How long it took at the hub; of this at the agent; of this until its server answered, milliseconds. */
  ms,
  agentMs: ms.optional(),
  serverMs: ms.optional(),
  in: count,
  out: count,
});
/** A call that is worth a look. */
export type NotableSummary = z.infer<typeof notableCall>;

/** The calls to nodes that ended at one hub within one second. Forwards are none of them. */
export const callSummary = z.object({
  v: z.literal(1),
  /** Instance id of the hub. */
  hub: id,
  /** When the second ended, Unix time in milliseconds: a multiple of 1,000. */
  at: count,
  /** Each of a node and a method; those with the most calls in the first message. */
  methods: z.array(methodCalls).max(mostSummaryMethods),
  /** More methods had calls than are told. */
  more: z.boolean().optional(),
  /** The slowest call of a method, and calls that failed: some of each. */
  notable: z.array(notableCall).max(mostNotableCalls).optional(),
});
export type CallSummary = z.infer<typeof callSummary>;
