import type { FaultProgress, NodeProgress, Run, WatchRunResponse } from '../../src/gen/postern/v1/runs.js';

/** When the runs of these tests began, Unix milliseconds. */
export const begun = 1_800_000_000_000;

/** A run as a hub tells it, in the middle of its main phase. */
export function toldRun(more: Partial<Run> = {}): Run {
  return {
    run: 'quick-1',
    scenario: 'quick',
    state: 'main.running',
    phases: [{ state: 'main.running', sinceMs: begun + 2_000 }],
    verdict: '',
    reasons: [],
    seed: '7',
    planHash: 'ab',
    nodes: [],
    controller: 'c1',
    term: 1,
    startedBy: 'admin',
    startedAtMs: begun,
    endedAtMs: 0,
    plannedMs: 58_000,
    t0Ms: begun + 2_000,
    warnings: [],
    replays: '',
    ...more,
  };
}

/** A node in the middle of its test. */
export function toldNode(
  node: string,
  more: Partial<NodeProgress['tests'][number]> = {},
  reached = true,
): NodeProgress {
  const test = {
    test: 'chat_ping',
    state: 'running',
    sent: 30,
    amount: 60,
    received: 55,
    troubled: 0,
    ...more,
  };
  return { node, reached, tests: [test] };
}

/** A fault from 10 to 20 s after the run began. */
export function toldFault(node: string, state: string): FaultProgress {
  return { fault: `link-1-${node}`, node, kind: 'link', fromMs: begun + 10_000, toMs: begun + 20_000, state };
}

/** A message of `WatchRun`. */
export function told(more: Partial<WatchRunResponse> = {}): WatchRunResponse {
  return { run: toldRun(), nodes: [], faults: [], waitsFor: '', ...more };
}
