import {
  type CallSummary,
  type MethodSummary,
  mostNotableCalls,
  mostSummaryMethods,
  type NotableSummary,
} from '../../bus/call-summary.js';
import { isFailure } from '../../failed-status.js';
import { isForwardPath } from '../../rpc/forward.js';
import type { CallResult } from '../../wire/serve-call.js';
import { shownCaller, shownMethod, shownText } from '../activity/shown-text.js';
import type { CallWatch, OpenCall } from '../call-stats.js';
import type { MethodRow } from './method-row.js';
import { MethodRows } from './method-rows.js';

/** Messages of one second. */
const mostParts = 16;
/** Failed calls that are told: of one method, and in all. */
const [failedPerMethod, mostFailed] = [4, 32];
/** A row without calls is kept so many rounds, where its method is known, and where it is not. */
const [provenFor, unprovenFor] = [600, 60];

/**
 * Counts the calls that end, by node and method, until they are told. It is on the way of each call: it looks up a row
 * and adds, and keeps the call itself only where that is to be told.
 */
export class CallTally implements Pick<CallWatch, 'ended'> {
  readonly #hub: string;
  readonly #rows = new MethodRows();
  #touched: MethodRow[] = [];
  #failed: NotableSummary[] = [];
  #left = false;
  #round = 0;

  constructor(hub: string) {
    this.#hub = hub;
  }

  ended(call: OpenCall, node: string, result: CallResult, seconds: number): void {
    const row = this.#rows.of(node, call.path, result.status);
    if (row === undefined) {
      if (!isForwardPath(call.path)) this.#left = true;
      return;
    }
    if (row.usedIn !== this.#round) {
      row.usedIn = this.#round;
      this.#touched.push(row);
    }
    const ms = seconds * 1000;
    row.count(call, result, ms);
    if (!isFailure(result.status) || row.noted >= failedPerMethod || this.#failed.length >= mostFailed)
      return;
    row.noted++;
    this.#failed.push(notable(call, row, result, ms));
  }

  /** What was counted since the last time, as the messages of a second; none where nothing was. */
  take(at: number): CallSummary[] {
    const touched = this.#touched.sort((a, b) => b.calls - a.calls);
    const failed = this.#failed;
    this.#touched = [];
    this.#failed = [];
    const round = this.#round++;
    if (round % unprovenFor === 0) this.#rows.forget(round - provenFor, round - unprovenFor);
    const told = [...failed, ...slowest(touched, failed)];
    const summaries: MethodSummary[] = touched.map((row) => row.take());
    const most = mostParts * mostSummaryMethods;
    const more = this.#left || summaries.length > most;
    this.#left = false;
    const parts: CallSummary[] = [];
    for (let from = 0; from < Math.min(most, summaries.length); from += mostSummaryMethods) {
      const methods = summaries.slice(from, from + mostSummaryMethods);
      const first = from === 0 ? { notable: told, ...(more ? { more } : {}) } : {};
      parts.push({ v: 1, hub: this.#hub, at, methods, ...first });
    }
    return parts;
  }
}

/** The slowest calls of those that are the slowest of their method, without those that are told already. */
function slowest(rows: readonly MethodRow[], told: readonly NotableSummary[]): NotableSummary[] {
  const known = new Set(told.map(({ call }) => call));
  return rows
    .filter(({ slowest: call }) => call !== undefined && !known.has(call.id))
    .sort((a, b) => b.slowestMs - a.slowestMs)
    .slice(0, mostNotableCalls - told.length)
    .flatMap((row) => {
      const { slowest: call, slowestResult: result, slowestMs } = row;
      return call === undefined || result === undefined ? [] : [notable(call, row, result, slowestMs)];
    });
}

function notable(call: OpenCall, row: MethodRow, result: CallResult, ms: number): NotableSummary {
  const { id, path, caller, instance, trace, calleeMs: agentMs, serverMs } = call;
  const { message, requestBytes, responseBytes } = result;
  return {
    call: id,
    node: row.node,
    method: row.method === '' ? shownMethod(path) : row.method,
    at: Math.max(0, Math.round(Date.now() - ms)),
    code: result.status,
    ...(message === '' ? {} : { reason: shownText(message, 256) }),
    ...(caller === '' ? {} : { caller: shownCaller(caller) }),
    ...(instance === undefined ? {} : { instance }),
    ...(trace === undefined ? {} : { trace }),
    ms: rounded(ms),
    ...(agentMs === undefined ? {} : { agentMs }),
    ...(serverMs === undefined ? {} : { serverMs }),
    in: requestBytes,
    out: responseBytes,
  };
}

/** To the microsecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
