import { isIP } from 'node:net';
import type { z } from 'zod';
import { nodeName } from '../../../bus/messages.js';
import { ahead, byteSize, share } from '../../../controller/scenario/quantities.js';
import { PosternError } from '../../../errors.js';
import {
  type FaultAmount,
  type FaultKind,
  type FaultPeer,
  type FaultShape,
  factsOfKinds,
  faultAmounts,
  faultDirections,
  faultScopes,
  faultWays,
  plainShape,
} from '../../../fault-kinds.js';
import type { Options } from '../../options.js';

/** The option of each amount, and what it is like. */
const amountOptions: Readonly<Record<FaultAmount, { readonly option: string; readonly like: string }>> = {
  share: { option: 'portion', like: '10%' },
  delayMs: { option: 'delay', like: '100ms' },
  jitterMs: { option: 'jitter', like: '20ms' },
  bytesPerSecond: { option: 'rate', like: '100KB' },
  clockMs: { option: 'clock', like: '+2h' },
  interface: { option: 'interface', like: 'eth0' },
};

const mostBytes = 1e12;
/** Ten years. */
const farthestMs = 3.2e11;

/**
 * How a fault acts, as options say it. Throws `OPTION_INVALID`, `OPTION_MISSING` (exit status 2) with the option, where it
 * does not go with the kind or something is missing.
 */
export function shapeOf(options: Options, kind: FaultKind): FaultShape {
  const { scopes, needs, takes, network } = factsOfKinds[kind];
  for (const amount of faultAmounts) {
    const { option, like } = amountOptions[amount];
    const isGiven = options.given(option) !== undefined;
    if (needs.includes(amount) && !isGiven) {
      throw new PosternError(
        'OPTION_MISSING',
        `a fault of the kind ${kind} needs --${option}, such as ${like}`,
        {
          exitCode: 2,
        },
      );
    }
    if (isGiven && !needs.includes(amount) && !takes.includes(amount))
      throw unfit(options, option, kind, takenBy(amount));
  }
  if (!network) {
    const misplaced = ['direction', 'from', 'way'].find((option) => options.given(option) !== undefined);
    if (misplaced !== undefined) throw unfit(options, misplaced, kind, takenBy('network'));
  }
  const plain = plainShape(kind);
  const scope = oneOf(faultScopes, options.text('scope')) ?? plain.scope;
  if (!scopes.includes(scope))
    throw invalid('--scope', `a fault of the kind ${kind} has the scope ${scopes.join(' or ')}`);
  const delayMs = options.durationMs('delay') ?? 0;
  const jitterMs = options.durationMs('jitter') ?? 0;
  if (kind === 'delay' && jitterMs > delayMs)
    throw invalid('--jitter', 'is more than --delay: nothing comes before it is sent');
  return {
    ...plain,
    scope,
    direction: oneOf(faultDirections, options.text('direction')) ?? plain.direction,
    way: oneOf(faultWays, options.text('way')) ?? plain.way,
    from: peersOf(options.text('from') ?? ''),
    share: read(options, 'portion', share) ?? 0,
    delayMs,
    jitterMs,
    bytesPerSecond: read(options, 'rate', byteSize({ most: mostBytes, why: 'is more than 1 TB' })) ?? 0,
    clockMs: read(options, 'clock', ahead(farthestMs)) ?? 0,
    interface: options.text('interface') ?? '',
    seed: options.text('seed') ?? '',
  };
}

/** `NODE`, `NODE=IP,IP`, or several of them with commas between. */
function peersOf(text: string): FaultPeer[] {
  const peers: { readonly node: string; readonly addresses: string[] }[] = [];
  for (const word of text === '' ? [] : text.split(',')) {
    const [, node = '', first] = /^([^=]*)(?:=(.*))?$/.exec(word.trim()) ?? [];
    const last = peers.at(-1);
    if (first === undefined && isIP(node) !== 0 && last !== undefined && last.addresses.length > 0) {
      last.addresses.push(node);
      continue;
    }
    if (!nodeName.safeParse(node).success) {
      throw invalid('--from', `'${word}' names no node: write NODE or NODE=IP,IP, with commas between nodes`);
    }
    if (first !== undefined && isIP(first) === 0)
      throw invalid('--from', `'${first}' in '${word}' is no IP address`);
    peers.push({ node, addresses: first === undefined ? [] : [first] });
  }
  return peers;
}

function read(options: Options, option: string, schema: z.ZodType<number>): number | undefined {
  const text = options.text(option);
  if (text === undefined) return undefined;
  const found = schema.safeParse(text);
  if (found.success) return found.data;
  throw invalid(saidBy(options, option), found.error.issues[0]?.message ?? `'${text}' is none`);
}

function oneOf<const W extends string>(words: readonly W[], word: string | undefined): W | undefined {
  return words.find((one) => one === word);
}

/** The kinds that have an amount, or act on packets. */
function takenBy(what: FaultAmount | 'network'): string {
  const kinds = Object.entries(factsOfKinds).filter(([, { needs, takes, network }]) =>
    what === 'network' ? network : needs.includes(what) || takes.includes(what),
  );
  return kinds.map(([kind]) => kind).join(', ');
}

function unfit(options: Options, option: string, kind: FaultKind, others: string): PosternError {
  const why = `a fault of the kind ${kind} has none; these have: ${others}`;
  return invalid(saidBy(options, option), why);
}

/** The name by which an option was said, of those that it has. */
function saidBy(options: Options, option: string): string {
  return options.given(option)?.from ?? `--${option}`;
}

function invalid(said: string, why: string): PosternError {
  return new PosternError('OPTION_INVALID', `${said}: ${why}`, { exitCode: 2 });
}
