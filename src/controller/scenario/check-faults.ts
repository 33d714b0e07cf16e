import type { FaultKind } from '../plan/plan.js';
import { lastSendMs } from './check-groups.js';
import type { Draft, DraftFault, Findings } from './draft.js';
import { durationText } from './quantities.js';
import type { Roster } from './roster.js';
import { longestFaultMs, longestMs, mostFaultsPerNode, type Provider } from './scenario.js';

/** Most lots that a node draws for one rule. */
export const mostLots = 10_000;
/** Shortest disturbance that can be made and told, milliseconds. */
const shortestMs = 100;

/** What is wrong with the faults, each for itself and where two meet. */
export function checkFaults(
  { faults, groups }: Draft,
  { roster, provider }: { readonly roster: Roster; readonly provider: Provider },
  findings: Findings,
): void {
  const endMs = lastSendMs(groups);
  const whole = groups.length > 0 && groups.every(({ broken }) => broken !== true) && endMs <= longestMs;
  for (const fault of faults) {
    checkTimes(fault, findings);
    checkProvider(fault, provider, findings);
    checkNodes(fault, roster, findings);
    if (whole) checkEnd(fault, endMs, findings);
  }
  tellOverlaps(faults, roster, findings);
}

function checkTimes(fault: DraftFault, findings: Findings): void {
  const { path, kinds, forMs, everyMs, odds } = fault;
  const refuse = (key: string, text: string): unknown =>
    findings.mistakes.push({ path: [...path, key], text });
  const held = kinds.filter((kind) => kind !== 'restart');
  if (forMs === undefined) {
    if (held.length > 0) refuse('for', 'is missing: how long, such as 10s');
  } else if (held.length === 0) {
    if (forMs > 0) refuse('for', 'a restart takes no time: use kill for a daemon that is away for a while');
  } else if (forMs < shortestMs) {
    refuse('for', `must be at least ${durationText(shortestMs)}, for ${held.join(' and ')}`);
  } else if (forMs > longestFaultMs) {
    refuse('for', `must be at most ${durationText(longestFaultMs)}: no node disturbs itself for longer`);
  }
  if (everyMs === undefined) {
    if (odds !== undefined) refuse('odds', 'goes with every: a lot is drawn each time');
  } else if (forMs !== undefined && forMs > everyMs) {
    refuse(
      'for',
      `is longer than every (${durationText(everyMs)}): the next would begin before this one ends`,
    );
  }
}

function checkProvider({ path, kinds }: DraftFault, provider: Provider, findings: Findings): void {
  if (provider !== 'local' || !kinds.includes('peers')) return;
  const text = 'no node can be cut from its peers with provider local: all of them are this machine';
  findings.mistakes.push({ path: [...path, 'kind'], text });
}

function checkNodes({ path, of, any }: DraftFault, roster: Roster, findings: Findings): void {
  if (of?.length === 0)
    findings.mistakes.push({ path: [...path, 'nodes'], text: 'names nobody: leave it out for all' });
  const refs = of === undefined ? roster.entries : roster.known(of, findings).map(({ name }) => name);
  if (any === undefined || refs.some((ref) => roster.open(ref)) || refs.length < (of?.length ?? 0)) return;
  const names = new Set(refs.flatMap((ref) => roster.names(ref)));
  if (any > names.size) {
    findings.mistakes.push({ path: [...path, 'nodes', 'any'], text: `is ${any}, of ${names.size} nodes` });
  }
}

function checkEnd({ path, atMs, everyMs, odds }: DraftFault, endMs: number, findings: Findings): void {
  const firstMs = atMs ?? everyMs ?? 0;
  if (firstMs > endMs) {
    findings.warnings.push({
      path: [...path, atMs === undefined && everyMs !== undefined ? 'every' : 'at'],
      text:
        everyMs === undefined
          ? `begins after the last message is sent, at ${durationText(endMs)}: it disturbs nothing but what is late`
          : `never happens: the last message is sent at ${durationText(endMs)}`,
    });
    return;
  }
  if (everyMs === undefined) return;
  const lots = Math.floor((endMs - firstMs) / everyMs) + 1;
  const most = odds === undefined || odds === 1 ? mostFaultsPerNode : mostLots;
  if (lots > most) {
    findings.mistakes.push({
      path: [...path, 'every'],
      text: `makes ${lots} ${most === mostLots ? 'lots' : 'faults'} until the last message at ${durationText(endMs)}: at most ${most} of a node`,
    });
  }
}

/** Faults of one kind that are set for the same node at the same time. */
function tellOverlaps(faults: readonly DraftFault[], roster: Roster, findings: Findings): void {
  const seen = new Map<string, { fromMs: number; toMs: number }[]>();
  for (const { path, kinds, of, any, atMs = 0, forMs = 0, everyMs } of faults) {
    if (everyMs !== undefined || any !== undefined) continue;
    const refs = of?.map(({ name }) => name) ?? roster.entries;
    const told = new Set<FaultKind>();
    for (const kind of kinds) {
      for (const node of new Set(refs.flatMap((ref) => roster.names(ref)))) {
        const key = `${kind} ${node}`;
        const others = seen.get(key) ?? [];
        seen.set(key, [...others, { fromMs: atMs, toMs: atMs + forMs }]);
        const other = others.find(({ fromMs, toMs }) => atMs < toMs && fromMs < atMs + forMs);
        if (other === undefined || told.has(kind)) continue;
        told.add(kind);
        findings.warnings.push({
          path,
          text: `meets another ${kind} of '${node}' (${durationText(other.fromMs)} to ${durationText(other.toMs)}): the two become one`,
        });
      }
    }
  }
}
