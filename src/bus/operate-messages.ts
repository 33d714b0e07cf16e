import { z } from 'zod';

/** Text that people are shown: without control characters, which would steer their terminals. */
const shown = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^\P{Cc}*$/u, 'control characters are not allowed');
const token = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** Somebody who may tells an actor an event that its machine marks as for operators. */
export const operateOrder = z.object({
  v: z.literal(1),
  /** Of this order, for the answer. */
  order: token,
  /** Name of the actor's machine. */
  machine: shown(64),
  /** Its id. */
  id: shown(256),
  /** Type of the event. */
  event: shown(128),
  /** The life of the actor that is meant, Unix time in milliseconds; absent: whichever it is. */
  bornMs: z.number().nonnegative().optional(),
  /** Verified name of who wants it. */
  by: shown(256),
  /** Why, in their words; empty: they said nothing. */
  reason: shown(512),
});
export type OperateOrder = z.infer<typeof operateOrder>;

/** What whoever runs the actor says to it. */
export const operateAnswer = z.object({
  order: token,
  /** `refused`: the actor is not there, not the one that is meant, or takes no such event in its present state. */
  result: z.enum(['done', 'refused', 'failed']),
  /** What became of it, for people. */
  outcome: shown(512),
});
export type OperateAnswer = z.infer<typeof operateAnswer>;

/** A hub asks the processes of a node what a machine of theirs runs by. */
export const describeOrder = z.object({
  v: z.literal(1),
  /** Of this question, for the answer. */
  order: token,
  /** Name of the machine. */
  machine: shown(64),
  /** Hash of the definition, as transitions tell it; who runs by another one says nothing. */
  hash: z.string().regex(/^[0-9a-f]{16}$/),
});

/** What a process says to it. */
export const describeAnswer = z.object({
  order: token,
  /** The definition as JSON; its hash proves it. */
  definition: z.string().max(512 * 1024),
});

/** In the place of a process: whichever of the node's has the actor. */
export const anyBoot = 'any';
