import { z } from 'zod';
import { daemonSchema } from './daemon-schema.js';
import type { Draft, DraftFault, DraftGroup, DraftNode, DraftRef, DraftTest } from './draft.js';
import type { Path } from './mistake.js';
import { faultSchema, groupSchema, nodeSchema, testSchema } from './schema.js';

/**
 * The parts of a file in our form, each read for itself: what is wrong in one does not hide what is wrong in others.
 * What cannot be read is told by the schema of the whole, and left out or marked as broken here.
 */
export function ownDraft(file: Readonly<Record<string, unknown>>): Draft {
  return {
    nodes: entries(file.nodes).map(([entry, raw]) => draftNode(entry, raw)),
    groups: entries(file.groups).map(([name, raw]) => draftGroup(name, raw)),
    faults: (Array.isArray(file.faults) ? file.faults : []).flatMap((raw, i) =>
      draftFault(raw, ['faults', i]),
    ),
  };
}

function draftNode(entry: string, raw: unknown): DraftNode {
  const given = isObject(raw) ? raw : {};
  const { count, labels, min, public: open } = soundPart(nodeSchema, given, {});
  return {
    path: ['nodes', entry],
    entry,
    count,
    labels: typeof labels === 'object' ? selectorOf(labels) : labels,
    min,
    public: open ?? false,
    daemon: soundPart(daemonSchema, given.daemon, {}),
    ...(nodeSchema.nullish().safeParse(raw).success ? {} : { broken: true }),
  };
}

/** What can be read of a map whose keys are all optional; `nothing` is an empty one. */
export function soundPart<T extends z.ZodObject>(schema: T, raw: unknown, nothing: z.output<T>): z.output<T> {
  const sound = entries(raw).filter(([key, value]) => {
    const inner: unknown = schema.shape[key];
    return inner instanceof z.ZodType && inner.safeParse(value).success;
  });
  const read = schema.safeParse(Object.fromEntries(sound));
  return read.success ? read.data : nothing;
}

/** `{site: attic, rack: '4'}` as a selector. */
function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

function draftGroup(name: string, raw: unknown): DraftGroup {
  const path = ['groups', name];
  const group = isObject(raw) ? raw : {};
  const members = groupSchema.shape.members.safeParse(group.members);
  const tests = entries(group.tests).map(([test, inner]) => draftTest(test, inner, [...path, 'tests', test]));
  const whole = members.success && tests.every((one) => one !== undefined);
  return {
    path,
    name,
    members: members.success ? refsOf(members.data, group.members, [...path, 'members']) : undefined,
    tests: tests.filter((one) => one !== undefined),
    ...(whole ? {} : { broken: true }),
  };
}

function draftTest(name: string, raw: unknown, path: Path): DraftTest | undefined {
  const read = testSchema.safeParse(raw);
  if (!read.success) return undefined;
  const { size, interval, amount, after, senders } = read.data;
  return {
    path,
    test: { name, workload: workloadOf(read.data), size, intervalMs: interval, amount, afterMs: after },
    senders: refsOf(senders, isObject(raw) ? raw.senders : undefined, [...path, 'senders']),
  };
}

function workloadOf(test: z.output<typeof testSchema>): DraftTest['test']['workload'] {
  if (test.type !== 'call') return { type: test.type };
  return { type: 'call', method: test.method, requestJson: JSON.stringify(test.request) };
}

function draftFault(raw: unknown, path: Path): DraftFault[] {
  const read = faultSchema.safeParse(raw);
  if (!read.success) return [];
  const { kind, nodes, at, for: length, every, odds } = read.data;
  const rawNodes = isObject(raw) ? raw.nodes : undefined;
  const drawn = nodes !== undefined && 'any' in nodes ? nodes : undefined;
  const of =
    nodes === undefined || 'any' in nodes
      ? refsOf(drawn?.of, isObject(rawNodes) ? rawNodes.of : undefined, [...path, 'nodes', 'of'])
      : refsOf(nodes, rawNodes, [...path, 'nodes']);
  return [
    {
      path,
      kinds: [...new Set(kind)],
      of,
      any: drawn?.any,
      atMs: at,
      forMs: length,
      everyMs: every,
      odds,
    },
  ];
}

/** Names, each with its own place where they were written as a list. */
export function refsOf(
  names: readonly string[] | undefined,
  raw: unknown,
  path: Path,
): readonly DraftRef[] | undefined {
  return names?.map((name, i) => ({ name, path: Array.isArray(raw) ? [...path, i] : path }));
}

function entries(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
