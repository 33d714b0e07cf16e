import { PosternError } from '../../../../../errors.js';
import { isObject, type JsonObject } from '../../../../run-file/format.js';
import { plannedShape } from './planned-shape.js';

/** A test as the report tells it, as far as a replay needs it. */
export interface ReportTest {
  readonly test: string;
  readonly phase: string;
  /** One sender towards one receiver; '' for the receiver of a call. */
  readonly pairs: readonly {
    readonly sender: string;
    readonly receiver: string;
    readonly scheduled: number;
    readonly tried: number;
    readonly delivered: number;
  }[];
  /** Sent at, from T0; latency; index of sender and of receiver in the nodes. */
  readonly points: readonly (readonly number[])[];
  readonly afterMs: number;
  readonly intervalMs: number;
}

/** A fault as the report tells it. */
export interface ReportFault {
  readonly fault: string;
  readonly node: string;
  readonly kind: string;
  /** How it acts, in words; '' where the report does not say. */
  readonly shape: string;
  readonly plannedFromMs: number;
  readonly plannedToMs: number;
  readonly injectedAtMs: number | undefined;
  readonly healedAtMs: number | undefined;
  readonly proof: string;
  readonly reason: string | undefined;
}

/** What of `schemas/report.schema.json` a replay needs; times are Unix milliseconds of the controller's clock. */
export interface Report {
  readonly nodes: readonly string[];
  /** T0 by phase. */
  readonly t0: Readonly<Record<string, number>>;
  readonly startedAtMs: number;
  /** A node's clock and this less is the controller's, by node. */
  readonly offsets: Readonly<Record<string, number>>;
  readonly tests: readonly ReportTest[];
  readonly faults: readonly ReportFault[];
  /** When something was wrong with a send, by test and sender. */
  readonly failures: readonly { readonly test: string; readonly sender: string; readonly atMs: number }[];
  readonly records: number;
  readonly journals: number;
}

/** Reads a report. Throws `REPORT_INVALID`. */
export function readReport(report: unknown): Report {
  try {
    return reportOf(object(report, 'the report'));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new PosternError('REPORT_INVALID', `the report of the run cannot be read: ${cause.message}`, {
      cause,
    });
  }
}

function reportOf(report: JsonObject): Report {
  if (report.v !== 1) throw new TypeError('it is of another version');
  const plan = object(report.plan, 'plan');
  const facts = object(report.facts, 'facts');
  const planned = new Map(
    list(plan.tests, 'plan.tests').map((item) => {
      const test = object(item, 'plan.tests');
      return [text(test.test, 'test'), test];
    }),
  );
  return {
    nodes: list(plan.nodes, 'plan.nodes').map((node) => text(node, 'plan.nodes')),
    t0: numbers(facts.t0, 'facts.t0'),
    startedAtMs: number(facts.startedAtMs, 'facts.startedAtMs'),
    offsets: Object.fromEntries(
      Object.entries(object(facts.clocks, 'facts.clocks')).map(([node, clock]) => [
        node,
        number(object(clock, 'facts.clocks').offsetMs, 'offsetMs'),
      ]),
    ),
    tests: list(report.tests, 'tests').map((item) => testOf(object(item, 'tests'), planned)),
    faults: list(report.faults, 'faults').map((item) => faultOf(object(item, 'faults'), plan.faults)),
    failures: list(report.messages, 'messages').flatMap((item) => failuresOf(object(item, 'messages'))),
    records: number(report.records, 'records'),
    journals: number(report.journals, 'journals'),
  };
}

function testOf(test: JsonObject, planned: ReadonlyMap<string, JsonObject>): ReportTest {
  const name = text(test.test, 'tests.test');
  const { afterMs = 0, intervalMs = 0 } = planned.get(name) ?? {};
  return {
    test: name,
    phase: text(test.phase, 'tests.phase'),
    pairs: list(test.pairs, 'pairs').map((item) => {
      const pair = object(item, 'pairs');
      const counts = numbers(pair.counts, 'counts');
      const { scheduled = 0, ok = 0, fail = 0, info = 0, delivered = 0 } = counts;
      return {
        sender: text(pair.sender, 'sender'),
        receiver: pair.receiver === undefined ? '' : text(pair.receiver, 'receiver'),
        scheduled,
        tried: ok + fail + info,
        delivered,
      };
    }),
    points: list(test.points, 'points').map((point) =>
      list(point, 'points').map((value) => number(value, 'points')),
    ),
    afterMs: number(afterMs, 'afterMs'),
    intervalMs: number(intervalMs, 'intervalMs'),
  };
}

function faultOf(fault: JsonObject, planned: unknown): ReportFault {
  const maybe = (key: string) => (fault[key] === undefined ? undefined : number(fault[key], key));
  return {
    fault: text(fault.fault, 'fault'),
    node: text(fault.node, 'node'),
    kind: text(fault.kind, 'kind'),
    shape: plannedShape(planned, fault),
    plannedFromMs: number(fault.plannedFromMs, 'plannedFromMs'),
    plannedToMs: number(fault.plannedToMs, 'plannedToMs'),
    injectedAtMs: maybe('injectedAtMs'),
    healedAtMs: maybe('healedAtMs'),
    proof: text(fault.proof, 'proof'),
    reason: fault.reason === undefined ? undefined : text(fault.reason, 'reason'),
  };
}

/** What a node's journal calls a send that did not go well. */
const failed = new Set(['fail', 'info', 'unknown']);

function failuresOf(message: JsonObject): Report['failures'] {
  const [test, sender] = [text(message.test, 'test'), text(message.sender, 'sender')];
  return list(message.history, 'history').flatMap((item) => {
    const moment = object(item, 'history');
    if (!failed.has(text(moment.what, 'what'))) return [];
    return [{ test, sender, atMs: number(moment.atMs, 'atMs') }];
  });
}

function object(value: unknown, where: string): JsonObject {
  if (isObject(value)) return value;
  throw new TypeError(`${where} is missing`);
}

function list(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`${where} is no list`);
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`${where} is no text`);
}

function number(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError(`${where} is no number`);
}

function numbers(value: unknown, where: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(object(value, where)).map(([key, one]) => [key, number(one, `${where}.${key}`)]),
  );
}
