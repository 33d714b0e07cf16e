import { setTimeout as sleep } from 'node:timers/promises';
import { isBack, looksBackOf } from './expecting.js';
import { medianMs, type Observed, type TimedSight } from './observed.js';
import { lookMs } from './socket-sight.js';

/** From one look of a canary to its next before and after a fault, milliseconds. */
const briefGapMs = 50;
/** A shorter time before a fault is hardly any, milliseconds. */
const briefMs = 500;
/** The least while a fault acts, milliseconds, and so much more for each canary beside it. */
const leastGapMs = 250;
const gapPerCanaryMs = 25;
/** The most looks of a canary while a fault acts. */
const mostLooks = 200;
/** Silence for a shorter time says nothing, milliseconds; nor does one that is not so many times what an answer takes. */
const leastSilenceMs = 30;
const answersOfSilence = 5;
/** Before the planned end nobody looks any more: for this part of its time, and so long at most, milliseconds. */
const lastPart = 0.1;
const lastMs = 250;

/** Looks before the fault acts, until there is enough to compare with or the time is up. */
export async function lookBefore(
  observed: readonly Observed[],
  untilMs: number,
  signal: AbortSignal,
): Promise<void> {
  // Where there is hardly time, one look is enough: the fault is waiting.
  const isBrief = untilMs - Date.now() < briefMs;
  await each(observed, signal, async (one) => {
    const enough = isBrief ? 1 : one.expects.sees === 'delay' ? 5 : 3;
    while (one.seen.before.length < enough && Date.now() < untilMs) {
      if (one.seen.before.length > 0) await sleep(briefGapMs, undefined, { signal });
      const sight = await look(one, signal);
      if (sight !== undefined) one.seen.before.push(sight);
    }
  });
}

/** Looks again and again while the fault acts, and is done shortly before its end. */
export async function lookDuring(
  observed: readonly Observed[],
  untilMs: number,
  signal: AbortSignal,
): Promise<void> {
  const lastsMs = untilMs - Date.now();
  const endMs = untilMs - Math.min(lastMs, lastsMs * lastPart);
  const gapMs = Math.max(leastGapMs, gapPerCanaryMs * observed.length, lastsMs / mostLooks);
  await each(observed, signal, async (one) => {
    const { seen, canary } = one;
    const enoughMs = Math.max(leastSilenceMs, answersOfSilence * medianMs(seen.before));
    while (seen.during.length < mostLooks) {
      const leftMs = endMs - Date.now();
      if (leftMs < leastSilenceMs) return;
      const sight = await look(one, signal, leftMs);
      // What was cut short tells of silence where an answer would have come long before.
      const wasCut = sight !== undefined && !sight.through && sight.ms >= leftMs;
      const tells = !wasCut || (canary.path === 'affected' && leftMs >= enoughMs);
      if (sight !== undefined && tells) seen.during.push(sight);
      await sleep(Math.max(0, Math.min(gapMs, endMs - Date.now())), undefined, { signal });
    }
  });
}

/** Looks after the heal until all is as before, or the time for that is up. */
export async function lookAfter(
  observed: readonly Observed[],
  untilMs: number,
  signal: AbortSignal,
): Promise<void> {
  await each(observed, signal, async (one) => {
    const { before, after } = one.seen;
    const wanted = looksBackOf(one);
    for (let inRow = 0; inRow < wanted && (after.length === 0 || Date.now() < untilMs); ) {
      const sight = await look(one, signal);
      if (sight !== undefined) after.push(sight);
      inRow = sight !== undefined && isBack(one, sight) ? inRow + 1 : 0;
      // what was not there before is not waited for
      if (before.at(-1)?.through !== true) return;
      if (inRow < wanted) await sleep(briefGapMs, undefined, { signal });
    }
  });
}

/** One look, or nothing where it was broken off. */
async function look(
  { canary }: Observed,
  signal: AbortSignal,
  withinMs: number = lookMs,
): Promise<TimedSight | undefined> {
  const atMs = Date.now();
  const within = AbortSignal.timeout(Math.max(1, Math.ceil(Math.min(lookMs, withinMs))));
  const sight = await canary.look(AbortSignal.any([signal, within]));
  return signal.aborted ? undefined : { ...sight, atMs };
}

async function each(
  observed: readonly Observed[],
  signal: AbortSignal,
  looks: (one: Observed) => Promise<void>,
): Promise<void> {
  // A signal that has ended breaks off pauses: nobody waits for what is left.
  await Promise.all(observed.map((one) => looks(one).catch(() => {})));
  signal.throwIfAborted();
}
