import { z } from 'zod';
import { durationHelp, parseDurationMs } from '../duration.js';
import { errorText, PosternError } from '../errors.js';
import { logLevels } from '../log.js';
import { parseAddress } from '../wire/address.js';

/** Text that `read` takes; what it throws as a `PosternError` is the mistake that is told. */
export function checkedBy(read: (text: string) => unknown) {
  return z.string().superRefine((text, context) => {
    try {
      read(text);
    } catch (thrown) {
      if (!(thrown instanceof PosternError)) throw thrown;
      context.addIssue({ code: 'custom', message: errorText(thrown) });
    }
  });
}

/** Where something listens: `HOST:PORT`, `:PORT` or `unix:/PATH`. */
export const listenAddress = checkedBy((text) => parseAddress(text, 'listen'));

/** Where metrics are served; `off` for none. */
export const metricsAddress = z.union([z.literal('off'), listenAddress], {
  error: "it is neither 'off' nor an address HOST:PORT",
});

/** `HOST:PORT` of a server that shall listen there. Throws `PosternError` (exit status 2). */
export function hostAndPort(option: string, text: string): string {
  if ('path' in parseAddress(text, 'listen')) {
    throw new PosternError('ADDRESS_INVALID', `--${option}: '${text}' is not HOST:PORT`, { exitCode: 2 });
  }
  return text;
}

/** A duration as text, or seconds as a number; becomes seconds. */
export function seconds(range: { least: number; most: number }) {
  return z.union([z.string(), z.number()]).transform((given, context) => {
    const ms = parseDurationMs(String(given));
    if (ms === undefined) {
      context.addIssue({ code: 'custom', message: `'${given}' is not ${durationHelp}` });
      return z.NEVER;
    }
    if (ms < range.least * 1000 || ms > range.most * 1000) {
      context.addIssue({
        code: 'custom',
        message: `'${given}' is not between ${range.least} s and ${range.most} s`,
      });
      return z.NEVER;
    }
    return ms / 1000;
  });
}

export const logLevel = z.enum(logLevels).default('info');

/** `key=value` pairs as an object. Throws `PosternError` for one without `=`. */
export function readPairs(value: unknown): Record<string, string> {
  const texts = Array.isArray(value) ? value.map(String) : [String(value)];
  const pairs: [string, string][] = [];
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) throw new PosternError('PAIR_INVALID', `'${text}' is not KEY=VALUE`, { exitCode: 2 });
    pairs.push([text.slice(0, at), text.slice(at + 1)]);
  }
  return Object.fromEntries(pairs);
}
