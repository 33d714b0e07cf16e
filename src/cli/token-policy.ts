import { looksLikeSelector } from '../auth/node-patterns.js';
import { byteSizeHelp, parseByteSize } from '../byte-size.js';
import { PosternError } from '../errors.js';
import type { CreateCallerTokenRequest, CreateJoinTokenRequest, Limits } from '../gen/postern/v1/tokens.js';
import type { Options } from './options.js';
import { ttlSecondsOf } from './ttl.js';

/** As many keys as a node can have. */
const many = 64;

/** What `postern token create --caller` asks for. Throws `USAGE` (exit status 2). */
export function callerTokenRequest(subject: string, options: Options): CreateCallerTokenRequest {
  return {
    subject,
    nodes: options.list('nodes').flatMap(nodePatterns),
    methods: commaSeparated(options, 'methods'),
    roles: [options.text('role') ?? 'call'],
    limits: limitsOf(options),
    email: options.text('email') ?? '',
    ttlSeconds: ttlSecondsOf(options),
  };
}

/** What `postern token create --join` asks for. Throws `USAGE` (exit status 2). */
export function joinTokenRequest(node: string, options: Options): CreateJoinTokenRequest {
  const uses = options.text('uses');
  if (uses !== undefined && options.flag('many')) throw usage('say either --uses or --many');
  return {
    node,
    ttlSeconds: ttlSecondsOf(options),
    uses: options.flag('many') ? many : wholeOf('uses', uses, many),
    labels: labelsOf(options),
  };
}

/** Commas part names; within a selector they part its conditions, which all have to hold. */
function nodePatterns(text: string): string[] {
  return looksLikeSelector(text.replaceAll(',', '')) ? [text] : split(text);
}

function commaSeparated(options: Options, name: string): string[] {
  return options.list(name).flatMap(split);
}

function split(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function limitsOf(options: Options): Limits {
  const deadlineMs = options.durationMs('max-deadline');
  if (deadlineMs === 0) throw usage('--max-deadline: a deadline of 0 seconds lets no call through');
  return {
    callsPerSecond: rateOf(options.text('rate')),
    inFlight: wholeOf('in-flight', options.text('in-flight'), Number.MAX_SAFE_INTEGER),
    bytesPerSecond: bytesOf(options, 'bytes'),
    messageBytes: bytesOf(options, 'max-message'),
    deadlineMs: Math.ceil(deadlineMs ?? 0),
  };
}

function rateOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const rate = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || rate === 0)
    throw usage(`--rate: '${text}' is no number of calls above 0`);
  return rate;
}

function wholeOf(name: string, text: string | undefined, most: number): number {
  if (text === undefined) return 0;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most) {
    throw usage(`--${name}: '${text}' is no whole number from 1 to ${most}`);
  }
  return value;
}

function bytesOf(options: Options, name: string): number {
  const text = options.text(name);
  if (text === undefined) return 0;
  const bytes = parseByteSize(text);
  if (bytes === undefined || bytes === 0) throw usage(`--${name}: '${text}' is not ${byteSizeHelp}`);
  return bytes;
}

function labelsOf(options: Options): Record<string, string> {
  return Object.fromEntries(
    options.list('label').map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw usage(`--label: '${text}' is not KEY=VALUE`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function usage(message: string): PosternError {
  return new PosternError('USAGE', message, { exitCode: 2 });
}
