import { type FaultKind, type FaultShape, factsOfKinds } from './fault-kinds.js';

/** A shape as far as it is known; nodes are named, with or without their addresses. What is missing is as the kind has it by itself. */
export type ToldShape = { readonly [Key in keyof Omit<FaultShape, 'from'>]?: FaultShape[Key] | undefined } & {
  readonly from?: readonly (string | { readonly node: string })[] | undefined;
};

/** So many nodes are named; the others are counted. */
const mostNamed = 4;

/** A fault in words: `loss, 10 %, hub, only what comes in, towards b and c`. */
export function faultWords(kind: FaultKind, shape: ToldShape | undefined): string {
  return [kind, ...shapeWords(kind, shape)].join(', ');
}

/** How a fault acts, word by word; nothing for one of which nothing but the kind is said. */
export function shapeWords(kind: FaultKind, shape: ToldShape = {}): string[] {
  const { share = 0, delayMs = 0, jitterMs = 0, bytesPerSecond = 0, clockMs = 0 } = shape;
  const { scope, direction, from = [], way, interface: device = '' } = shape;
  const names = from.map((one) => (typeof one === 'string' ? one : one.node));
  const jitter = jitterMs === 0 ? '' : ` ± ${spanWords(jitterMs)}`;
  return [
    share === 0 ? '' : `${number(share * 100)} %`,
    delayMs === 0 ? '' : `${spanWords(delayMs)}${jitter}`,
    bytesPerSecond === 0 ? '' : `${bytesWords(bytesPerSecond)}/s`,
    clockMs === 0 ? '' : `${clockMs < 0 ? '-' : '+'}${spanWords(Math.abs(clockMs))}`,
    device,
    scope === undefined || scope === factsOfKinds[kind].scopes[0] ? '' : scope,
    direction === 'in' ? 'only what comes in' : direction === 'out' ? 'only what goes out' : '',
    names.length === 0 ? '' : `towards ${namesWords(names)}`,
    way === 'kernel' ? 'by the kernel' : way === 'userspace' ? 'without the kernel' : '',
  ].filter((word) => word !== '');
}

/** `a`, `a and b`, `a, b and c`, `a, b, c, d and 3 more`. */
function namesWords(names: readonly string[]): string {
  const rest = names.length - mostNamed;
  const named = rest > 0 ? [...names.slice(0, mostNamed), `${rest} more`] : names;
  const last = named.at(-1) ?? '';
  return named.length < 2 ? last : `${named.slice(0, -1).join(', ')} and ${last}`;
}

/** `250 ms`, `1.5 s`, `20 min`, `2 h`, `3 d`. */
function spanWords(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const;
  const [size, unit] = units.find(([least]) => ms >= least) ?? [1, 'ms'];
  return `${number(ms / size)} ${unit}`;
}

/** `500 B`, `64 kB`, `1.5 MB`; a thousand is a thousand. */
function bytesWords(bytes: number): string {
  const units = [
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ] as const;
  const [size, unit] = units.find(([least]) => bytes >= least) ?? [1, 'B'];
  return `${number(bytes / size)} ${unit}`;
}

/** At most two digits behind the point, where there is something to tell. */
function number(value: number): string {
  return String(Number(value.toFixed(value < 0.01 ? 4 : 2)));
}
