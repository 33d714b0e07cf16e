import { z } from 'zod';
import { byteSizeHelp, parseByteSize } from '../../byte-size.js';
import { durationHelp, parseDurationMs } from '../../duration.js';

/** Text of a duration, for editors; what it means is read by `parseDurationMs`. */
const durationForm = /^\s*(?:\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+)\s*$/;
const sizeForm = /^\s*\d+(?:\.\d+)?\s*(?:[bB]|[kKmMgG](?:[iI]?[bB])?)?\s*$/;
const percentForm = /^\s*(?:100(?:\.0+)?|\d{1,2}(?:\.\d+)?)\s*%\s*$/;

/** A duration, `500ms` or seconds as a number; becomes milliseconds. */
export function duration(range: { leastMs: number; mostMs: number }) {
  return z
    .union([z.string(), z.number()], { error: (issue) => `${shown(issue.input)} is not ${durationHelp}` })
    .meta({
      anyOf: [
        { type: 'string', pattern: durationForm.source },
        { type: 'number', minimum: 0 },
      ],
    })
    .transform((given, context) => {
      const ms = parseDurationMs(String(given));
      const refuse = (message: string): never => {
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      };
      if (ms === undefined) return refuse(`${shown(given)} is not ${durationHelp}`);
      if (ms < range.leastMs) return refuse(`must be at least ${durationText(range.leastMs)}`);
      if (ms > range.mostMs) return refuse(`must be at most ${durationText(range.mostMs)}`);
      return ms;
    });
}

/** A number of bytes: `300B`, `4KB` (4,000), `4KiB` (4,096), or a number. */
export function byteSize(range: { most: number; why: string }) {
  return z
    .union([z.string(), z.number()], { error: (issue) => `${shown(issue.input)} is not ${byteSizeHelp}` })
    .meta({
      anyOf: [
        { type: 'string', pattern: sizeForm.source },
        { type: 'integer', minimum: 0 },
      ],
    })
    .transform((given, context) => {
      const bytes = parseByteSize(String(given));
      if (bytes !== undefined && bytes <= range.most) return bytes;
      const message = bytes === undefined ? `${shown(given)} is not ${byteSizeHelp}` : range.why;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    });
}

/** `1%` becomes 0.01; 0 is none at all. */
export const share = z
  .union([z.literal(0), z.string()], { error: (issue) => `${shown(issue.input)} is not a share such as 1%` })
  .meta({ anyOf: [{ const: 0 }, { type: 'string', pattern: percentForm.source }] })
  .transform((given, context) => {
    if (given === 0 || percentForm.test(given)) return Number.parseFloat(String(given)) / 100;
    context.addIssue({ code: 'custom', message: `${shown(given)} is not a share such as 1%, up to 100%` });
    return z.NEVER;
  });

const signedForm = /^\s*[+-]?(?:\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+)\s*$/;

/** How far ahead or behind, `+2h`, `-30m`, or seconds as a number; becomes milliseconds, not 0. */
export function ahead(mostMs: number) {
  const help = 'is not how far ahead or behind, such as +2h or -30m';
  return z
    .union([z.string(), z.number()], { error: (issue) => `${shown(issue.input)} ${help}` })
    .meta({ anyOf: [{ type: 'string', pattern: signedForm.source }, { type: 'number' }] })
    .transform((given, context) => {
      const [, sign, length = ''] = /^\s*([+-]?)(.*)$/.exec(String(given)) ?? [];
      const ms = parseDurationMs(length);
      if (ms !== undefined && ms > 0 && ms <= mostMs) return sign === '-' ? -ms : ms;
      const why =
        ms === undefined ? help : ms === 0 ? 'is as it was' : `is more than ${durationText(mostMs)}`;
      context.addIssue({ code: 'custom', message: `${shown(given)} ${why}` });
      return z.NEVER;
    });
}

/** `120,10`: every 120 seconds, 1 in 10; a 0 is never. Becomes both. */
export const secondsAndOdds = z
  .union([z.string(), z.number()], { error: "must be 'SECONDS,ODDS', such as 120,10" })
  .transform((given, context) => {
    const [, seconds, odds] = /^\s*(\d{1,5})\s*,\s*(\d{1,7})\s*$/.exec(String(given)) ?? [];
    if (seconds !== undefined && odds !== undefined) return { seconds: Number(seconds), odds: Number(odds) };
    if (given === '') return { seconds: 0, odds: 0 };
    context.addIssue({ code: 'custom', message: `${shown(given)} is not 'SECONDS,ODDS', such as 120,10` });
    return z.NEVER;
  });

/** A whole number in bounds. */
export function whole(least: number, most: number) {
  return z
    .int({ error: (issue) => `${shown(issue.input)} is not a whole number` })
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`);
}

/** `1h30m`, `500ms`, `0s`: as a scenario writes it. */
export function durationText(ms: number): string {
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, length] of [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const) {
    const amount = Math.floor(rest / length);
    if (amount > 0) parts.push(`${amount}${unit}`);
    rest -= amount * length;
  }
  if (rest > 0) parts.push(`${Number(rest.toFixed(3))}ms`);
  return parts.join('') || '0s';
}

/** A value in a message, in one short line. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = String(value).replace(/\p{Cc}/gu, '?');
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return typeof value === 'string' ? `'${short}'` : short;
}
