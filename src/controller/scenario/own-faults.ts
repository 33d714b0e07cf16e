import type { z } from 'zod';
import { type DraftFault, type DraftParting, type DraftRef, refsOf } from './draft.js';
import { faultSchema } from './fault-schema.js';
import type { Path } from './mistake.js';
import { selectorOf } from './node-refs.js';

type Fault = z.output<typeof faultSchema>;

/** A fault of a file in our form; none where it cannot be read, or would never come. */
export function draftFault(raw: unknown, path: Path): DraftFault[] {
  const read = faultSchema.safeParse(raw);
  if (!read.success) return [];
  const fault = read.data;
  const { during = 'running', at: atMs, for: forMs, every: everyMs, odds, reliability } = fault;
  const common = { path, during, ...targetsOf(fault, raw, path) };
  if (reliability !== undefined) return outages(reliability, { ...common, atMs: atMs ?? 0 });
  const parting = partingOf(fault, raw, path);
  return [
    {
      ...common,
      ...{ atMs, forMs, everyMs, odds },
      kinds: parting === undefined ? [...new Set(fault.kind)] : ['partition'],
      wish: wishOf(fault, raw, path),
      ...(parting === undefined ? {} : { parting }),
    },
  ];
}

/**
 * Each `seconds`, a lot of 1 in `odds`, whether a node is cut from hub and peers for `seconds`; the meaning is that of
 * infra-testing-tool's documents. None where one of them is 0.
 */
export function outages(
  { seconds, odds }: { readonly seconds: number; readonly odds: number },
  fault: Pick<DraftFault, 'path' | 'during' | 'of' | 'labels' | 'any' | 'atMs'>,
): DraftFault[] {
  if (seconds === 0 || odds === 0) return [];
  const lengthMs = seconds * 1_000;
  return [
    { ...fault, kinds: ['link', 'peers'], forMs: lengthMs, everyMs: lengthMs, odds, wish: { amounts: {} } },
  ];
}

function targetsOf({ nodes }: Fault, raw: unknown, path: Path): Pick<DraftFault, 'of' | 'labels' | 'any'> {
  const at = [...path, 'nodes'];
  const written = keyOf(raw, 'nodes');
  if (nodes === undefined || Array.isArray(nodes)) {
    return { of: refsOf(nodes, written, at), labels: undefined, any: undefined };
  }
  const { any, of, labels } = nodes;
  return {
    any,
    of: refsOf(of, keyOf(written, 'of'), [...at, 'of']),
    labels: labels === undefined ? undefined : selectorOf(labels),
  };
}

function wishOf(fault: Fault, raw: unknown, path: Path): DraftFault['wish'] {
  const { scope, direction, way } = fault;
  const from = refsOf(fault.from, keyOf(raw, 'from'), [...path, 'from']);
  const { share, delay, jitter, rate, clock, interface: device } = fault;
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(direction === undefined ? {} : { direction }),
    ...(way === undefined ? {} : { way }),
    ...(from === undefined ? {} : { from }),
    amounts: {
      ...(share === undefined ? {} : { share }),
      ...(delay === undefined ? {} : { delayMs: delay }),
      ...(jitter === undefined ? {} : { jitterMs: jitter }),
      ...(rate === undefined ? {} : { bytesPerSecond: rate }),
      ...(clock === undefined ? {} : { clockMs: clock }),
      ...(device === undefined ? {} : { interface: device }),
    },
  };
}

function partingOf({ partition }: Fault, raw: unknown, around: Path): DraftParting | undefined {
  if (partition === undefined) return undefined;
  const path = [...around, 'partition'];
  if (typeof partition === 'string') return { path, into: partition };
  const written = keyOf(raw, 'partition');
  const { halves, one, ring, bridge, 'one-way': oneWay } = partition;
  const sideOf = (names: readonly string[], side: unknown, ...at: PropertyKey[]): readonly DraftRef[] =>
    refsOf(names, side, [...path, ...at]) ?? [];
  const nodeOf = (key: 'one' | 'bridge', node: true | string): DraftParting => ({
    path,
    into: key,
    ...(node === true ? {} : { node: { name: node, path: [...path, key] } }),
  });
  if (halves === true) return { path, into: 'halves' };
  if (halves !== undefined) {
    const each: unknown = keyOf(written, 'halves');
    const sides = halves.map((names, i) => sideOf(names, keyOf(each, i), 'halves', i));
    return { path, into: 'halves', sides };
  }
  if (one !== undefined) return nodeOf('one', one);
  if (bridge !== undefined) return nodeOf('bridge', bridge);
  if (ring !== undefined) return { path, into: 'ring' };
  if (oneWay === undefined) return undefined;
  const way = keyOf(written, 'one-way');
  const sides = (['from', 'to'] as const).map((key) => sideOf(oneWay[key], keyOf(way, key), 'one-way', key));
  return { path, into: 'one-way', sides };
}

/** What stands below a key, or at a place of a list. */
function keyOf(raw: unknown, key: PropertyKey): unknown {
  return typeof raw === 'object' && raw !== null ? Reflect.get(raw, key) : undefined;
}
