import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { resultToken } from '../../bus/result-records.js';
import { PosternError } from '../../errors.js';
import {
  type FaultKind,
  type FaultShape,
  factsOfKinds,
  faultAmounts,
  faultDirections,
  faultKinds,
  faultScopes,
  faultWays,
  longestFaultMs,
  plainShape,
  shortestFaultMs,
} from '../../fault-kinds.js';
import type { Act, Neighbour } from './injection.js';
import { isNobodys } from './nobodys-address.js';
import { plainAddress } from './plain-address.js';

/** The run of faults that belong to the node itself and to none of the runs that controllers conduct. */
export const outageRun = '_reliability';

/** The furthest ahead that a fault may be armed, milliseconds: timers of Node hold no more. */
const furthestMs = 20 * 24 * 3_600_000;

const finite = z.number().min(-8.64e15).max(8.64e15);

/** The largest delay, of packets and of whatever else is held back, milliseconds. */
const longestDelayMs = 60_000;
/** How far a daemon's clock may be put wrong, milliseconds: ten years. */
const farthestClockMs = 3.2e11;
const farClock = 'a clock is put wrong by ten years at most';
/** By another clock a fault may come so much earlier, milliseconds. */
const earlyMs = 1_000;
/** So long after its end a fault may still be felt: the kernel lets a cut go, an interface finds its neighbours, milliseconds. */
const lateMs = 15_000;
const mostPeers = 200;
const mostAddresses = 16;
/** Of all the faults of others that one knows of together: they are kept as long as it is, and written at each step of it. */
const mostAddressesOfOthers = 400;

const address = z
  .union([z.ipv4(), z.ipv6()])
  .refine((text) => !isNobodys(text), 'is no address at which a machine is found');
const share = z.number().min(0).max(1, 'a share is a number from 0 to 1');
const delay = z.number().min(0).max(longestDelayMs, 'a delay, and its jitter, is a minute at most');
const nodeText = z.string().regex(/^[^\p{Cc}]{0,63}$/u, 'is no name of a node');
/** An empty word of the wire stands for the default. */
const word = <const W extends readonly [string, ...string[]]>(words: W) =>
  z.union([z.enum(words), z.literal('')], `must be one of ${words.join(', ')}`);
const faultShape = z.object({
  scope: word(faultScopes).default(''),
  direction: word(faultDirections).default(''),
  from: z
    .array(
      z.object({
        node: nodeText,
        addresses: z.array(address).max(mostAddresses),
      }),
    )
    .max(mostPeers)
    .default([]),
  share: share.default(0),
  delayMs: delay.default(0),
  jitterMs: delay.default(0),
  bytesPerSecond: z.number().min(0).max(1e12, 'a rate is 1 TB a second at most').default(0),
  clockMs: z.number().min(-farthestClockMs, farClock).max(farthestClockMs, farClock).default(0),
  // A name as the kernel takes it (dev_valid_name of net/core/dev.c), and nothing that a program could take for an option.
  interface: z
    .string()
    .regex(/^(?:[A-Za-z0-9_][\w.@-]{0,14})?$/, 'is no name of a network interface')
    .default(''),
  way: word(faultWays).default(''),
  seed: z.string().max(256).default(''),
});

/** What somebody asked for. */
export const faultPlan = z
  .object({
    run: resultToken,
    fault: resultToken,
    kind: z.enum(faultKinds, `a fault is of a kind: ${faultKinds.join(', ')}`),
    /** When it comes, Unix milliseconds by the clock of whoever asked. */
    atMs: finite,
    /** How long it lasts, milliseconds; of `kill`, 0 is as long as a fault may last. */
    forMs: z.number().min(0).max(longestFaultMs, 'a fault lasts an hour at most'),
    /** That clock minus the own one, milliseconds, and how wrong that may be. */
    offsetMs: finite,
    errorMs: z.number().min(0),
    /** The longest that a fault may last here, milliseconds; the agent says so when it is armed. */
    capMs: z.number().positive().exactOptional(),
    /** How it acts; absent in what was written before there was a choice. */
    shape: faultShape.optional(),
    /** Faults of other nodes that may be felt on ways by which this one is proven; `atMs` by the clock of whoever asked. */
    others: z
      .array(
        z.object({
          ...{ node: nodeText, fault: resultToken, addresses: z.array(address).max(mostAddresses) },
          ...{ atMs: finite, forMs: z.number().min(0).max(longestFaultMs) },
        }),
      )
      .max(mostPeers)
      .superRefine((others, context) => {
        const amount = others.reduce((sum, { addresses }) => sum + addresses.length, 0);
        if (amount <= mostAddressesOfOthers) return;
        const message = `have ${amount} addresses in all, and at most ${mostAddressesOfOthers} are taken`;
        context.addIssue({ code: 'custom', message });
      })
      .default([]),
  })
  .transform((asked) => ({ ...asked, shape: shapeOf(asked.kind, asked.shape) }))
  .superRefine((asked, context) => {
    for (const { key, text } of mistakesIn(asked)) {
      context.addIssue({ code: 'custom', path: ['shape', key], message: text });
    }
  })
  .superRefine(({ kind, forMs }, context) => {
    const path = ['forMs'];
    if (kind === 'restart') {
      if (forMs !== 0) {
        context.addIssue({
          code: 'custom',
          path,
          message: 'a restart takes no time; use kill for an outage',
        });
      }
    } else if (forMs < shortestFaultMs && !(kind === 'kill' && forMs === 0)) {
      context.addIssue({ code: 'custom', path, message: `it lasts at least ${shortestFaultMs} ms` });
    }
  });
export type FaultPlan = z.infer<typeof faultPlan>;

/** Says all of a shape that was left out. */
function shapeOf(kind: FaultKind, asked: z.infer<typeof faultShape> | undefined): FaultShape {
  const plain = plainShape(kind);
  if (asked === undefined) return plain;
  const { scope, direction, way, ...amounts } = asked;
  return {
    ...amounts,
    scope: scope === '' ? plain.scope : scope,
    direction: direction === '' ? plain.direction : direction,
    way: way === '' ? plain.way : way,
  };
}

/** What does not go with the kind, or is missing. */
function mistakesIn({ kind, shape }: Act): { readonly key: keyof FaultShape; readonly text: string }[] {
  const { scopes, needs, takes, network } = factsOfKinds[kind];
  const mistakes: { key: keyof FaultShape; text: string }[] = [];
  if (!scopes.includes(shape.scope)) {
    mistakes.push({ key: 'scope', text: `${kind} has the scope ${scopes.join(' or ')}` });
  }
  for (const key of faultAmounts) {
    const given = shape[key] !== 0 && shape[key] !== '';
    if (needs.includes(key) && !given) mistakes.push({ key, text: `${kind} needs it` });
    if (given && !needs.includes(key) && !takes.includes(key)) {
      mistakes.push({ key, text: `${kind} has no such amount` });
    }
  }
  if (kind === 'delay' && shape.jitterMs > shape.delayMs) {
    mistakes.push({ key: 'jitterMs', text: 'is more than the delay: nothing comes before it is sent' });
  }
  if (!network && shape.from.length > 0) {
    mistakes.push({ key: 'from', text: `${kind} acts on the daemon, not towards other nodes` });
  }
  if (!network && shape.direction !== 'both') {
    mistakes.push({ key: 'direction', text: `${kind} has no direction` });
  }
  return mistakes;
}

/** Reads what somebody would ask for. Throws `FAULT_INVALID`. */
export function readAct(asked: { readonly kind: string; readonly shape?: unknown }): Act {
  const { kind, shape } = readFaultPlan(
    {
      ...asked,
      ...{ run: 'check', fault: 'check', atMs: 0, offsetMs: 0, errorMs: 0 },
      forMs: asked.kind === 'restart' ? 0 : shortestFaultMs,
    },
    0,
  );
  return { kind, shape };
}

/** Reads what somebody asks for. Throws `FAULT_INVALID` that names every mistake. */
export function readFaultPlan(asked: unknown, nowMs: number): FaultPlan {
  const read = faultPlan.safeParse(asked);
  if (!read.success) {
    const mistakes = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new PosternError('FAULT_INVALID', `there cannot be such a fault: ${mistakes.join('; ')}`);
  }
  const { atMs, offsetMs } = read.data;
  if (atMs - offsetMs > nowMs + furthestMs) {
    throw new PosternError('FAULT_INVALID', 'a fault is armed at most 20 days ahead');
  }
  return read.data;
}

/** When it begins, and how long it lasts, by the own clock. */
export function timesOf({ kind, atMs, offsetMs, forMs, capMs = longestFaultMs }: FaultPlan): {
  startAtMs: number;
  forMs: number;
} {
  return { startAtMs: atMs - offsetMs, forMs: kind === 'kill' && forMs === 0 ? capMs : forMs };
}

/** The faults of other nodes that may be felt, by the own clock: some come early and some are undone late. */
export function neighboursOf({ others, offsetMs, errorMs }: FaultPlan): Neighbour[] {
  return others.map(({ node, fault, addresses, atMs, forMs }) => ({
    name: `${fault} of ${node}`,
    addresses: addresses.map(plainAddress),
    fromMs: atMs - offsetMs - errorMs - earlyMs,
    untilMs: atMs - offsetMs + forMs + errorMs + lateMs,
  }));
}

/** True for the same fault: the clock may have been measured anew meanwhile, and that is no other one, nor are others beside it. */
export function isSamePlan(one: FaultPlan, other: FaultPlan): boolean {
  return (
    one.kind === other.kind &&
    one.atMs === other.atMs &&
    one.forMs === other.forMs &&
    isDeepStrictEqual(one.shape, other.shape)
  );
}
