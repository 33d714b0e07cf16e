import type { Sight } from '../injection.js';
import { atLeast, atMost } from './binomial.js';
import { medianMs, type Observed, throughOf } from './observed.js';

/** A true plan may look like none so often, all ways of a fault together. */
export const wrongly = 0.001;
/** So much of a delay has to be seen: timers and clocks differ. */
const mostOfDelay = 0.8;
/** A delay of more than this keeps looks from coming through, milliseconds. */
const silentDelayMs = 600;
/** So many looks that do not come through say that more than a delay is there. */
const leastSilent = 3;
/** By so much an answer may be late by itself, milliseconds. */
const noiseMs = 5;
/** The most looks after the heal of a fault that lets some through. */
const mostLooksBack = 40;

/**
 * What an affected way says of the fault while it acted: it shows it, speaks against it, is not as planned, for which another
 * fault may be the reason, or tells nothing, and why. `unfelt`: nobody has felt it, whatever other ways show.
 */
export type Word =
  | { readonly word: 'shows' }
  | { readonly word: 'against' | 'disturbed' | 'nothing' | 'unfelt'; readonly why: string };

const shows: Word = { word: 'shows' };
const against = (why: string): Word => ({ word: 'against', why });
const disturbed = (why: string): Word => ({ word: 'disturbed', why });
const nothing = (why: string): Word => ({ word: 'nothing', why });

/** Compares what was seen while it acted with what was expected. `ways`: how many are judged by chance. */
export function compare({ expects, seen: { before, during, after } }: Observed, ways: number): Word {
  const through = throughOf(during);
  const looks = during.length;
  const came = `came through ${through} of ${looks} times while it acted`;
  switch (expects.sees) {
    case 'nothing':
      return through === 0 ? shows : against(`${came}, and nothing was to`);
    case 'some':
      return compareShare(through, looks, expects.share, ways);
    case 'delay': {
      const usual = [before, after].filter((sights) => throughOf(sights) > 0).map(medianMs);
      const later = medianMs(during) - Math.min(...usual);
      if (through * 2 <= looks) {
        if (expects.ms >= silentDelayMs) return shows;
        const told = `${came}, and was to be late by ${whole(expects.ms)} ms`;
        // On a busy machine a look or two take too long, or are ended with the fault.
        return looks - through < leastSilent ? nothing(told) : disturbed(told);
      }
      return later >= expects.ms * mostOfDelay
        ? shows
        : disturbed(`was late by ${whole(later)} ms while it acted, and was to be by ${whole(expects.ms)}`);
    }
    case 'growth': {
      const grown = numberIn(during.at(-1)) - numberIn(before.at(-1));
      if (grown > 0) return shows;
      if (expects.zero === 'unfelt') return { word: 'unfelt', why: 'was too little to feel it, or none' };
      if (expects.zero === 'nothing') return nothing('have not come here: the other end may keep them back');
      return against(`has not grown while it acted (${during.at(-1)?.found ?? 'unread'})`);
    }
    case 'change': {
      const was = before.at(-1)?.found;
      if (expects.lasts === 'once') {
        const is = after.findLast((sight) => sight.through)?.found;
        return is === undefined || is !== was ? shows : against(`is still ${is}`);
      }
      const unchanged = during.filter((sight) => sight.through && sight.found === was).length;
      if (through === 0) return nothing('could not be looked at while it acted');
      return unchanged === 0
        ? shows
        : against(`was as before (${was}) at ${unchanged} of ${looks} looks while it acted`);
    }
  }
}

function compareShare(through: number, looks: number, share: number, ways: number): Word {
  const seldom = wrongly / 2 / ways;
  const came = `came through ${through} of ${looks} times while it acted`;
  if (through === looks && atLeast(looks, looks, share) >= seldom && share > 0) {
    return nothing(`${came}: too few to tell whether one of ${odds(share)} was to fail`);
  }
  const why = `${came}, and about ${whole(looks * share)} were to`;
  if (atLeast(through, looks, share) < seldom) return against(why);
  return atMost(through, looks, share) < seldom ? disturbed(why) : shows;
}

function odds(share: number): string {
  return share >= 1 ? 'many' : String(Math.max(1, Math.round(1 / (1 - share))));
}

/** Whether a look after the heal is as those before the fault. */
export function isBack({ canary, expects, seen: { before } }: Observed, sight: Sight): boolean {
  if (canary.path === 'affected' && expects.sees === 'growth') return true;
  if (!sight.through || canary.path === 'spared') return sight.through;
  if (expects.sees === 'delay') return sight.ms - medianMs(before) < Math.max(noiseMs, expects.ms / 2);
  return expects.sees !== 'change' || expects.lasts === 'once' || sight.found === before.at(-1)?.found;
}

/** How many looks in a row have to be as before: more where the fault let some through, which would be so by chance. */
export function looksBackOf({ canary, expects }: Observed): number {
  if (canary.path === 'spared' || expects.sees !== 'some') return expects.sees === 'delay' ? 3 : 2;
  if (expects.share <= 0) return 2;
  if (expects.share >= 1) return mostLooksBack;
  return Math.min(mostLooksBack, Math.max(2, Math.ceil(Math.log(wrongly) / Math.log(expects.share))));
}

function numberIn(sight: Sight | undefined): number {
  const number = Number(sight?.found ?? 0);
  return Number.isFinite(number) ? number : 0;
}

function whole(amount: number): number {
  return Math.round(amount * 10) / 10;
}
