import { z } from 'zod';
import { daemonSchema } from './daemon-schema.js';
import { type Draft, type DraftGroup, type DraftNode, type DraftTest, refsOf } from './draft.js';
import type { Path } from './mistake.js';
import { selectorOf } from './node-refs.js';
import { draftFault } from './own-faults.js';
import { groupSchema, nodeSchema, testSchema } from './schema.js';

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
    labels: labels === undefined ? undefined : selectorOf(labels),
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

function entries(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
