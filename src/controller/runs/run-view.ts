import type { RunEntry } from '../../bus/run-messages.js';
import type { Run } from '../../gen/postern/v1/runs.js';
import type { GatheredNode } from './facts.js';

/** A run as those see it who ask. */
export function runView(entry: RunEntry, nodes: readonly Pick<GatheredNode, 'name'>[] = []): Run {
  const { lease, phases, events } = entry;
  const t0 = events.find((event) => event.type === 'T0_CHOSEN' && event.phase === 'main');
  return {
    run: entry.run,
    scenario: entry.scenario,
    state: phases.at(-1)?.state ?? 'loading',
    phases: phases.map(({ state, sinceMs }) => ({ state, sinceMs })),
    verdict: entry.verdict ?? '',
    reasons: [...entry.reasons],
    seed: entry.seed ?? '',
    planHash: entry.planHash ?? '',
    nodes: nodes.map(({ name }) => name),
    controller: lease.controller,
    term: lease.term,
    startedBy: entry.startedBy,
    startedAtMs: entry.startedAtMs,
    endedAtMs: entry.endedAtMs ?? 0,
    plannedMs: entry.plannedMs ?? 0,
    t0Ms: t0?.type === 'T0_CHOSEN' ? t0.t0Ms : 0,
    warnings: [...entry.warnings],
    replays: entry.replays ?? '',
  };
}
